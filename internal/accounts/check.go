package accounts

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// Check compares what a plan says of accounts with these. What the plan leaves
// out is not compared. Its error names every account that is not here, and every
// field that differs.
func (a *Accounts) Check(accounts plan.Accounts) error {
	var errs []error
	for _, want := range accounts.AWS {
		found, err := find(a.now.Load().aws, cloudAWS, want.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		d := differences{cloud: cloudAWS, name: want.Name}
		d.compare("region", want.Region, found.account.Region)
		d.compare("assumeRole", want.AssumeRole, found.account.AssumeRole)
		errs = append(errs, d.errs...)
	}
	for _, want := range accounts.Huawei {
		found, err := find(a.now.Load().huawei, cloudHuawei, want.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		d := differences{cloud: cloudHuawei, name: want.Name}
		d.compare("project", want.Project, found.account.Project)
		d.compare("region", want.Region, found.account.Region)
		if want.Endpoint != "" {
			address := huaweicloud.Account{Endpoint: want.Endpoint}.Address()
			d.compare("endpoint", cmp.Or(address, "(no address)"), found.account.Address())
		}
		errs = append(errs, d.errs...)
	}
	return errors.Join(errs...)
}

// differences are those of one account.
type differences struct {
	cloud, name string
	errs        []error
}

func (d *differences) compare(field, want, have string) {
	if want != "" && want != have {
		d.errs = append(d.errs, &DifferenceError{Cloud: d.cloud, Name: d.name, Field: field, Plan: want, Worker: have})
	}
}

// DifferenceError says that a plan and the worker's configuration mean different
// accounts by one name. It is a maintenance.ErrInvalid.
type DifferenceError struct {
	Cloud, Name, Field string
	Plan, Worker       string // what each says of the field
}

// Error names the account, the field and both values.
func (e *DifferenceError) Error() string {
	have := "none"
	if e.Worker != "" {
		have = fmt.Sprintf("%q", e.Worker)
	}
	return fmt.Sprintf("%s account %q has another %s in the plan, %q, than in the worker's configuration: %s", e.Cloud, e.Name, e.Field, e.Plan, have)
}

// Unwrap is maintenance.ErrInvalid.
func (e *DifferenceError) Unwrap() error { return maintenance.ErrInvalid }
