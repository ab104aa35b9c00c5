package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

const (
	role    = "arn:aws:iam::123456789012:role/tidegate"
	project = "0123456789abcdef0123456789abcdef"
)

func configured(t *testing.T) *accounts.Accounts {
	t.Helper()
	return accounts.New(t.Context(),
		[]accounts.AWS{
			{Account: awsaccounts.Account{Name: "prod", Region: "eu-central-1", AssumeRole: role}, PerSecond: 50},
			{Account: awsaccounts.Account{Name: "lab", Region: "us-east-1"}, PerSecond: 0.5},
		},
		[]accounts.Huawei{
			{Account: huaweicloud.Account{Name: "prod", Project: project, Region: "ap-southeast-3"}, PerSecond: 20},
			{Account: huaweicloud.Account{Name: "lab", Project: project, Endpoint: "http://127.0.0.1:4599/"}},
		})
}

func TestAPlansAccountsAreComparedInWhatThePlanSays(t *testing.T) {
	t.Parallel()
	for name, accounts := range map[string]plan.Accounts{
		"nothing": {},
		"names":   {AWS: []plan.AWSAccount{{Name: "prod"}, {Name: "lab"}}, Huawei: []plan.HuaweiAccount{{Name: "prod"}, {Name: "lab"}}},
		"everything": {
			AWS:    []plan.AWSAccount{{Name: "prod", Region: "eu-central-1", AssumeRole: role}},
			Huawei: []plan.HuaweiAccount{{Name: "prod", Project: project, Region: "ap-southeast-3", Endpoint: "gaussdb.ap-southeast-3.myhuaweicloud.com"}},
		},
		"an endpoint written otherwise": {Huawei: []plan.HuaweiAccount{{Name: "lab", Endpoint: "http://127.0.0.1:4599"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, configured(t).Check(accounts))
		})
	}
}

func TestEveryDifferenceOfAPlansAccountsIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	err := configured(t).Check(plan.Accounts{
		AWS: []plan.AWSAccount{{Name: "prod", Region: "us-east-1", AssumeRole: role + "-2"}, {Name: "lab", AssumeRole: role}, {Name: "new", Region: "us-east-1"}},
		Huawei: []plan.HuaweiAccount{
			{Name: "prod", Project: "f" + project[1:], Region: "eu-west-0", Endpoint: "https://gaussdb.eu-west-0.myhuaweicloud.com"},
			{Name: "new"},
			{Name: "lab", Region: "ap-southeast-3"},
		},
	})
	require.EqualError(t, err, `AWS account "prod" has another region in the plan, "us-east-1", than in the worker's configuration: "eu-central-1"
AWS account "prod" has another assumeRole in the plan, "`+role+`-2", than in the worker's configuration: "`+role+`"
AWS account "lab" has another assumeRole in the plan, "`+role+`", than in the worker's configuration: none
the worker's configuration has no AWS account "new"; it has: lab, prod
Huawei Cloud account "prod" has another project in the plan, "f`+project[1:]+`", than in the worker's configuration: "`+project+`"
Huawei Cloud account "prod" has another region in the plan, "eu-west-0", than in the worker's configuration: "ap-southeast-3"
Huawei Cloud account "prod" has another endpoint in the plan, "https://gaussdb.eu-west-0.myhuaweicloud.com", than in the worker's configuration: "https://gaussdb.ap-southeast-3.myhuaweicloud.com"
the worker's configuration has no Huawei Cloud account "new"; it has: lab, prod
Huawei Cloud account "lab" has another region in the plan, "ap-southeast-3", than in the worker's configuration: none`)
	require.ErrorIs(t, err, maintenance.ErrInvalid)
	require.ErrorIs(t, err, maintenance.ErrNotFound)

	err = configured(t).Check(plan.Accounts{Huawei: []plan.HuaweiAccount{{Name: "lab", Endpoint: "http://user:PLANTED@127.0.0.1"}}})
	require.ErrorContains(t, err, `another endpoint in the plan, "(no address)", than`)
	require.NotContains(t, err.Error(), "PLANTED")
}

func TestRatesAreThoseOfAllAccounts(t *testing.T) {
	t.Parallel()
	onAWS, onHuawei := configured(t).Rates()
	require.Equal(t, map[string]float64{"prod": 50, "lab": 0.5}, onAWS)
	require.Equal(t, map[string]float64{"prod": 20, "lab": 0}, onHuawei)
}
