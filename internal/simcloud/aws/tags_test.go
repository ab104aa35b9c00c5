package aws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/stretchr/testify/require"
)

func (w *world) tag(t *testing.T, arn, key, value string) error {
	t.Helper()
	_, err := w.sgw.AddTagsToResource(t.Context(), &storagegateway.AddTagsToResourceInput{
		ResourceARN: &arn, Tags: []types.Tag{{Key: &key, Value: &value}},
	})
	return err
}

// tags are all of a resource, three a page.
func (w *world) tags(t *testing.T, arn string) map[string]string {
	t.Helper()
	all := map[string]string{}
	pages := storagegateway.NewListTagsForResourcePaginator(w.sgw, &storagegateway.ListTagsForResourceInput{ResourceARN: &arn, Limit: new(int32(3))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, shown := range page.Tags {
			all[*shown.Key] = *shown.Value
		}
	}
	return all
}

func TestTagsAreListedWholeAndDescribedInPart(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	arn := gatewayARN + "sgw-11111111"
	want := map[string]string{"owner": "storage"}
	for n := range 49 {
		key := fmt.Sprintf("key-%02d", n)
		want[key] = "ALL_VERSIONS run=gateway-sgw-1/0198 since=2026-11-29T06:00:00Z"
		require.NoError(t, w.tag(t, arn, key, want[key]))
	}
	require.Equal(t, want, w.tags(t, arn))
	described, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Len(t, described.Tags, 10, "AWS documents that it shows ten")

	require.Error(t, w.tag(t, arn, "one-too-many", "x"), "50 at the most")
	require.NoError(t, w.tag(t, arn, "key-00", "a valid value"), "of one that is there")
	for _, key := range []string{"key-00", "never-there"} {
		_, err := w.sgw.RemoveTagsFromResource(t.Context(), &storagegateway.RemoveTagsFromResourceInput{ResourceARN: &arn, TagKeys: []string{key}})
		require.NoError(t, err, key)
	}
	delete(want, "key-00")
	require.Equal(t, want, w.tags(t, arn))
	require.Len(t, w.kinds(), 51, "49 tags, a valid value, and one removal: taking off nothing changes nothing")
}

func TestTagsOfAFormThatAWSDoesNotTakeAreRefused(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	for name, tc := range map[string]struct{ key, value string }{
		"JSON":              {"mark", `{"was": "ALL_VERSIONS"}`},
		"a long value":      {"mark", strings.Repeat("x", 257)},
		"a long key":        {strings.Repeat("x", 129), "x"},
		"a key of AWS's":    {"aws:mark", "x"},
		"an empty key":      {"", "x"},
		"a comma":           {"mark", "a,b"},
		"a gateway unknown": {"mark", "x"},
	} {
		arn := gatewayARN + "sgw-11111111"
		if name == "a gateway unknown" {
			arn = gatewayARN + "sgw-99999999"
		}
		require.Error(t, w.tag(t, arn, tc.key, tc.value), name)
	}
	require.Empty(t, w.kinds())
}
