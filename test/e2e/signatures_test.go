package e2e_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const leads = "storage-leads"

// people are keys of real people, made by ssh-keygen, and the group's files.
type people struct {
	t   *testing.T
	dir string
}

// keys makes keys, and a file of signers in which all of them stand but mallory: old has expired, lost was revoked.
func keys(t *testing.T) people {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		require.Empty(t, os.Getenv("CI"), "ssh-keygen is needed: apt-get install openssh-client")
		t.Skip("there is no ssh-keygen")
	}
	p := people{t, t.TempDir()}
	var allowed bytes.Buffer
	for _, who := range []string{"alice", "bob", "carol", "old", "lost", "mallory"} {
		p.keygen(nil, "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", p.key(who))
		public, err := os.ReadFile(p.key(who) + ".pub")
		require.NoError(t, err)
		options := ""
		switch who {
		case "mallory":
			continue
		case "old":
			options = `valid-before="20200101Z" `
		case "lost":
			require.NoError(t, os.WriteFile(p.path("revoked"), public, 0o600))
		}
		allowed.WriteString(who + "@example.com " + options + string(public))
	}
	require.NoError(t, os.WriteFile(p.path("signers"), allowed.Bytes(), 0o600))
	return p
}

func (p people) path(name string) string { return filepath.Join(p.dir, name) }

func (p people) key(who string) string { return p.path("id_" + who) }

func (p people) keygen(in []byte, args ...string) []byte {
	p.t.Helper()
	run := exec.CommandContext(p.t.Context(), "ssh-keygen", args...)
	run.Stdin = bytes.NewReader(in)
	var errs bytes.Buffer
	run.Stderr = &errs
	out, err := run.Output()
	require.NoError(p.t, err, errs.String())
	return out
}

// sign is somebody's signature, for Tidegate or for something else.
func (p people) sign(who, namespace string, s signing.Statement) *signing.Signature {
	p.t.Helper()
	text, err := s.Text()
	require.NoError(p.t, err)
	return &signing.Signature{
		Statement: string(text), Armored: string(p.keygen(text, "-q", "-Y", "sign", "-f", p.key(who), "-n", namespace)),
	}
}

func (p people) group() *signers.Group {
	p.t.Helper()
	g, err := signers.Load(leads, p.path("signers"), p.path("revoked"))
	require.NoError(p.t, err)
	return g
}

// signedLab is a lab whose account demands two signatures, with one gateway whose window is open.
func signedLab(t *testing.T, p people, gateway string) (*lab, plan.Plan) {
	t.Helper()
	s := fleet()
	g := s.AWS.Gateways[0]
	g.ID, g.Name, g.Volumes = gateway, "signed", []aws.Volume{{ID: "vol-0" + gateway[5:]}}
	s.AWS.Gateways = []aws.Gateway{g}
	l := newLabWith(t, prepared(t), t.Name()+"-", s, signing.Demand{Signers: leads, Count: 2}, signers.NewGroups([]*signers.Group{p.group()}))
	return l, plan.Plan{
		Name: "signed", Policy: quick(), Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}}},
		Rollout: maintenance.Rollout{MaxConcurrent: 1},
		Targets: []maintenance.Target{{
			Name: "signed", Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + gateway},
		}},
	}.WithDefaults()
}

// triggers is how often the simulated AWS was told to update a gateway: the witness of every promise here.
func (l *lab) triggers() (n int) {
	for _, e := range l.sim.Effects() {
		if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" {
			n++
		}
	}
	return n
}

// A plan that asks for nothing, in an account whose owner demands two signatures: nothing is triggered before the second
// valid one, whatever is tried before.
func TestNothingIsTriggeredBeforeTheSecondSignature(t *testing.T) {
	t.Parallel()
	p := keys(t)
	l, planned := signedLab(t, p, "sgw-0E2E4001")
	digest, err := planned.Digest()
	require.NoError(t, err)
	now := func() time.Time { return time.Now().UTC().Truncate(time.Second) }
	start := signing.Statement{Namespace: engine.GetDefaultNamespace(), Campaign: "signed", Action: "run", Plan: digest, At: now()}
	run, err := l.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: l.prefix + api.CampaignWorkflowID("signed"), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes("signed"),
	}, api.CampaignName, api.CampaignInput{Plan: planned, Submitter: "nobody", Signature: p.sign("alice", signing.SSHNamespace, start)})
	require.NoError(t, err)
	status := l.await(run, func(s campaigns.Status) bool { return s.Asks() })
	require.Equal(t, digest, status.Plan.Digest, "the campaign computes what the approver does")
	require.Equal(t, "alice@example.com", status.Submitter)

	good := signing.Statement{
		Namespace: engine.GetDefaultNamespace(), Campaign: "signed", Run: run.GetRunID(), Action: "approve", Wave: 1, Plan: status.Plan.Digest, Why: "CHG-1",
	}
	approve := func(who, namespace string, alter func(*signing.Statement)) (*signing.Signature, error) {
		s := good
		s.At = now()
		if alter != nil {
			alter(&s)
		}
		signature := p.sign(who, namespace, s)
		handle, err := l.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: api.ApproveUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{api.CampaignAction{Action: api.Action{By: "bob", Signature: signature}}},
		})
		if err == nil {
			err = handle.Get(t.Context(), nil)
		}
		return signature, err
	}
	none := func(*signing.Statement) {}
	for _, bad := range []struct {
		who, namespace string
		alter          func(*signing.Statement)
		refused        string
	}{
		{"bob", "git", none, "the signature was made for another purpose"},
		{"old", signing.SSHNamespace, none, "the key has expired"},
		{"lost", signing.SSHNamespace, none, "the key was revoked"},
		{"mallory", signing.SSHNamespace, none, "the key may not sign here"},
		{"alice", signing.SSHNamespace, none, "the person who started the campaign may not approve it"},
		{"bob", signing.SSHNamespace, func(s *signing.Statement) { s.Run = "another" }, "the signature is for something else"},
		{"bob", signing.SSHNamespace, func(s *signing.Statement) { s.At = s.At.Add(-time.Hour) }, "the signature is too old"},
	} {
		_, err := approve(bad.who, bad.namespace, bad.alter)
		require.ErrorContains(t, err, bad.refused, bad.who)
	}
	first, err := approve("bob", signing.SSHNamespace, nil)
	require.NoError(t, err)
	unsigned := api.CampaignAction{Action: api.Action{By: "carol"}}
	replayed := api.CampaignAction{Action: api.Action{By: "carol", Signature: first}}
	for in, why := range map[*api.CampaignAction]string{&unsigned: "a signature is required", &replayed: "the signature was used already"} {
		handle, err := l.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: api.ApproveUpdate, WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{*in},
		})
		if err == nil {
			err = handle.Get(t.Context(), nil)
		}
		require.ErrorContains(t, err, why)
	}
	require.Zero(t, l.triggers())
	_, err = approve("carol", signing.SSHNamespace, nil)
	require.NoError(t, err)
	var result campaigns.Result
	require.NoError(t, l.client.GetWorkflow(t.Context(), run.GetID(), "").Get(t.Context(), &result))
	require.Equal(t, campaigns.Completed, result.State)
	require.Equal(t, 1, l.triggers())
	require.Len(t, result.Decisions, 2)
	for _, d := range result.Decisions { // and again later, by the files alone
		found, err := p.group().Verify(signing.Signature{Statement: d.Proof.Statement, Armored: d.Proof.Signature}, d.Proof.At)
		require.NoError(t, err)
		require.Equal(t, d.By, found.Principal)
	}
}

// A maintenance that somebody starts by hand, as if a campaign had, triggers nothing in an account whose owner demands
// signatures: the worker asks Temporal, and not the input.
func TestAMaintenanceStartedByHandTriggersNothing(t *testing.T) {
	t.Parallel()
	p := keys(t)
	l, planned := signedLab(t, p, "sgw-0E2E4002")
	for campaign, why := range map[string]string{
		"":                "a single maintenance has none",
		"campaign-signed": "no campaign has started this run",
	} {
		run := l.start(api.MaintenanceInput{Target: planned.Targets[0], Policy: quick(), Campaign: campaign})
		err := run.Get(t.Context(), nil)
		failed, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, string(maintenance.StateFailed), failed.Type())
		require.ErrorContains(t, err, why)
	}
	require.Zero(t, l.triggers())
}
