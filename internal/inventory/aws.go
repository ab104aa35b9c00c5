package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// shownTags is how many tags the description of a gateway shows for sure: of one that shows fewer,
// they are all (AWS API reference, DescribeGatewayInformation).
const shownTags = 10

// volumesAtOnce is of how many volumes one call lists the snapshots. EC2 documents no bound in its
// model; it takes two hundred values of a filter in practice, so this is half of that.
const volumesAtOnce = 100

// awsReader reads one account.
type awsReader struct {
	account AWS
	cloud   Gateways
	pace    *pace
	fast    bool
	found   inventory.Found
}

func readAWS(ctx context.Context, account AWS, p *pace, fast bool) inventory.Found {
	r := &awsReader{account: account, pace: p, fast: fast}
	state := inventory.Account{Cloud: inventory.AWS, Name: account.Name, Region: account.Region}
	var err error
	if r.cloud, err = account.Open(); err != nil {
		r.unread("the account", err)
	} else {
		state.Complete = r.list(ctx)
		eachOf(ctx, len(r.found.Gateways), func(i int) {
			r.describe(ctx, &r.found.Gateways[i])
			p.tally.add(0, 1, 0)
		})
		r.notReached(ctx)
		if !fast {
			r.snapshots(ctx)
		}
	}
	state.Found, state.Calls = len(r.found.Gateways), int(p.made.Load())
	r.found.Accounts = []inventory.Account{state}
	return r.found
}

// unread says that something of the account could not be read.
func (r *awsReader) unread(what string, err error) {
	u := inventory.Unread{Account: r.account.Name, What: what, Why: maintenance.Plain(err)}
	r.found.Unread = append(r.found.Unread, u)
}

// list reads the list of gateways, and says whether it came to its end. What was listed before a
// failure stays.
func (r *awsReader) list(ctx context.Context) (complete bool) {
	type page struct {
		gateways []inventory.Details
		next     string
	}
	for marker, first := "", true; marker != "" || first; first = false {
		got, err := call(ctx, r.pace, func(ctx context.Context) (page, error) {
			gateways, next, err := r.cloud.Listed(ctx, marker)
			return page{gateways, next}, err
		})
		if err != nil {
			r.unread("the list of gateways", err)
			return false
		}
		for _, d := range got.gateways {
			// What the list calls a state is a registration, no health (ListGateways).
			d.State = ""
			r.found.Gateways = append(r.found.Gateways, inventory.Gateway{
				Account: r.account.Name, Region: r.account.Region, Details: d,
			})
		}
		r.pace.tally.add(len(got.gateways), 0, 0)
		marker = got.next
	}
	return true
}

// notReached marks the gateways that nobody came to before the reading was interrupted.
func (r *awsReader) notReached(ctx context.Context) {
	for i := range r.found.Gateways {
		if g := &r.found.Gateways[i]; g.Connection == "" {
			g.Connection = inventory.NotKnown
			missed(g, "the description", context.Cause(ctx))
		}
	}
}

func missed(g *inventory.Gateway, what string, err error) {
	why := "not asked"
	if err != nil {
		why = maintenance.Plain(err)
	}
	g.Unread = append(g.Unread, inventory.Unread{What: what, Why: why})
}

// describe reads one gateway.
func (r *awsReader) describe(ctx context.Context, g *inventory.Gateway) {
	details, err := call(ctx, r.pace, func(ctx context.Context) (inventory.Details, error) {
		return r.cloud.Describe(ctx, g.ARN)
	})
	switch {
	case errors.Is(err, maintenance.ErrNotConnected):
		g.Connection = inventory.Disconnected
		r.tags(ctx, g)
		r.volumes(ctx, g)
		return
	case err != nil:
		g.Connection = inventory.NotKnown
		missed(g, "the description", err)
		return
	}
	g.Details, g.Described, g.Connection = over(details, g.Details), true, inventory.Connected
	if g.AllTags = len(g.Tags) < shownTags; !g.AllTags {
		r.tags(ctx, g)
	}
	r.schedule(ctx, g)
	r.volumes(ctx, g)
}

// over fills what a description leaves out from the list.
func over(details, listed inventory.Details) inventory.Details {
	for _, member := range []struct{ to, from *string }{
		{&details.Name, &listed.Name},
		{&details.Type, &listed.Type},
		{&details.SoftwareVersion, &listed.SoftwareVersion},
		{&details.Host, &listed.Host},
		{&details.HostID, &listed.HostID},
		{&details.EC2Instance, &listed.EC2Instance},
		{&details.EC2Region, &listed.EC2Region},
		{&details.Deprecation, &listed.Deprecation},
	} {
		if *member.to == "" {
			*member.to = *member.from
		}
	}
	return details
}

func (r *awsReader) tags(ctx context.Context, g *inventory.Gateway) {
	tags, err := call(ctx, r.pace, func(ctx context.Context) (map[string]string, error) {
		return r.cloud.Tags(ctx, g.ARN)
	})
	switch {
	case err == nil:
		g.Tags, g.AllTags = tags, true
	case errors.Is(err, maintenance.ErrNotConnected): // then nobody knows them
	default:
		missed(g, "the tags", err)
	}
}

func (r *awsReader) schedule(ctx context.Context, g *inventory.Gateway) {
	raw, err := call(ctx, r.pace, func(ctx context.Context) (maintenance.RawSchedule, error) {
		return r.cloud.Schedule(ctx, g.ARN)
	})
	switch {
	case err == nil:
		g.Schedule = &raw
	case errors.Is(err, maintenance.ErrNoWindow):
		g.NoWindow = maintenance.Plain(err)
	default:
		missed(g, "the maintenance window", err)
	}
}

// volumes reads volumes with their status and initiators. A gateway that is not connected may not
// answer, which says no more than that.
func (r *awsReader) volumes(ctx context.Context, g *inventory.Gateway) {
	if r.fast || !g.HasVolumes() || g.Connection == inventory.Disconnected {
		return
	}
	volumes, err := call(ctx, r.pace, func(ctx context.Context) ([]maintenance.Volume, error) {
		return r.cloud.Volumes(ctx, g.Gateway)
	})
	if err != nil {
		missed(g, "the volumes", err)
		return
	}
	g.Volumes = make([]inventory.Volume, 0, len(volumes))
	for _, v := range volumes {
		found := inventory.Volume{Volume: v}
		if !v.Detached() {
			found.Initiators = r.initiators(ctx, g, v)
		}
		g.Volumes = append(g.Volumes, found)
	}
}

func (r *awsReader) initiators(ctx context.Context, g *inventory.Gateway, v maintenance.Volume) []string {
	names, err := call(ctx, r.pace, func(ctx context.Context) ([]string, error) { return r.cloud.Initiators(ctx, v.ARN) })
	if err != nil {
		missed(g, "the initiators of volume "+v.ID, err)
		return nil
	}
	return append([]string{}, names...) // none is not unknown
}

// snapshots sums up those of all volumes, some volumes at a time: a volume may have hundreds, and no
// list of them is kept.
func (r *awsReader) snapshots(ctx context.Context) {
	var volumes []*inventory.Volume
	for i := range r.found.Gateways {
		for k := range r.found.Gateways[i].Volumes {
			volumes = append(volumes, &r.found.Gateways[i].Volumes[k])
		}
	}
	for some := range slices.Chunk(volumes, volumesAtOnce) {
		sums, err := call(ctx, r.pace, func(ctx context.Context) (map[string]*inventory.Snapshots, error) {
			sums := make(map[string]*inventory.Snapshots, len(some))
			ids := make([]string, 0, len(some))
			for _, v := range some {
				id := strings.ToLower(v.ID)
				ids, sums[id] = append(ids, id), &inventory.Snapshots{}
			}
			err := r.cloud.EachOf(ctx, ids, func(s maintenance.Snapshot) {
				if sum, ours := sums[strings.ToLower(s.VolumeID)]; ours {
					sum.Add(s)
				}
			})
			return sums, err
		})
		if err != nil {
			r.unread("the snapshots of "+maintenance.Counted(len(some), "volume", "volumes"), err)
			if ctx.Err() != nil {
				return
			}
			continue
		}
		for _, v := range some {
			v.Snapshots = sums[strings.ToLower(v.ID)]
		}
	}
}
