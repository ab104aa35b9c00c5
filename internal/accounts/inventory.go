package accounts

import (
	"context"

	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/inventory"
)

// OfEnvironment are accounts of what the AWS SDK finds by itself: one for each region, named after it.
func OfEnvironment(regions []string) []AWS {
	all := make([]AWS, 0, len(regions))
	for _, region := range regions {
		all = append(all, AWS{Account: awsaccounts.Account{Name: region, Region: region}})
	}
	return all
}

// ForInventory makes accounts known to those who read a fleet, in their order. ctx is New's. Nothing is
// opened before it is read.
func ForInventory(
	ctx context.Context, onAWS []AWS, onHuawei []Huawei,
) (aws []inventory.AWS, huawei []inventory.Huawei) {
	known := New(ctx, onAWS, onHuawei).now.Load()
	for _, account := range onAWS {
		aws = append(aws, inventory.AWS{
			Name: account.Name, Region: account.Region, PerSecond: account.PerSecond,
			Open: func() (inventory.Gateways, error) {
				cloud, err := open(known.aws, cloudAWS, account.Name)
				if err != nil {
					return nil, err // and no nil pointer within an interface
				}
				return cloud, nil
			},
		})
	}
	for _, account := range onHuawei {
		huawei = append(huawei, inventory.Huawei{
			Name: account.Name, Region: account.Region, PerSecond: account.PerSecond,
			Open: func() (inventory.Proxies, error) {
				cloud, err := open(known.huawei, cloudHuawei, account.Name)
				if err != nil {
					return nil, err
				}
				return cloud, nil
			},
		})
	}
	return aws, huawei
}
