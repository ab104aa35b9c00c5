package huawei_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func tokenBody(password, scope string) string {
	return fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{
		"name":"simuser","password":%q,"domain":{"name":"simdomain"}}}},"scope":{%s}}}`, password, scope)
}

func inProject(member, value string) string { return fmt.Sprintf(`"project":{%q:%q}`, member, value) }

func (s *sim) tokenFor(scope string) answer {
	s.t.Helper()
	return call(s.t, "POST", s.url+"/v3/auth/tokens?nocatalog=true", tokenBody("simpassword", scope), "Content-Type: application/json;charset=utf8")
}

func (s *sim) listWith(token string) answer {
	s.t.Helper()
	path := fmt.Sprintf("%s/v3/%s/instances/%s/proxies", s.url, huawei.DefaultProjectID, huawei.DefaultInstanceID)
	return call(s.t, "GET", path, "", "X-Auth-Token: "+token)
}

func TestTokenOpensItsProjectUntilItExpires(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	issued := s.tokenFor(inProject("name", huawei.DefaultRegion))
	require.Equal(t, 201, issued.status)
	token := issued.header.Get("X-Subject-Token")
	body := decode[struct {
		Token struct {
			ExpiresAt string `json:"expires_at"`
			Project   struct {
				ID string `json:"id"`
			} `json:"project"`
		} `json:"token"`
	}](t, issued).Token
	require.Equal(t, huawei.DefaultProjectID, body.Project.ID)
	expires, err := time.Parse("2006-01-02T15:04:05.000000Z", body.ExpiresAt)
	require.NoError(t, err)
	require.WithinDuration(t, s.clock.Now().Add(24*time.Hour), expires, time.Millisecond)

	require.Equal(t, 200, s.listWith(token).status)

	s.clock.Move(24 * time.Hour)
	expired := s.listWith(token)
	require.Equal(t, 401, expired.status)
	require.Equal(t, "APIGW.0301", expired.body["error_code"])
	require.Contains(t, expired.body["error_msg"], "The token must be updated")

	renewed := s.tokenFor(inProject("id", huawei.DefaultProjectID)).header.Get("X-Subject-Token")
	require.Equal(t, 200, s.listWith(renewed).status)
	require.Empty(t, s.effects(), "tokens are no effects")
}

func TestWrongTokenIsRefused(t *testing.T) {
	t.Parallel()
	got := start(t, oneProxy(nil)).listWith("made-up")
	require.Equal(t, 401, got.status)
	require.Equal(t, "APIGW.0301", got.body["error_code"])
}

func TestTokenWithoutAProjectOpensNone(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	issued := s.tokenFor(`"domain":{"name":"simdomain"}`)
	require.Equal(t, 201, issued.status)
	require.Equal(t, 403, s.listWith(issued.header.Get("X-Subject-Token")).status)
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"wrong password":  {tokenBody("wrong", inProject("id", huawei.DefaultProjectID)), 401},
		"foreign project": {tokenBody("simpassword", inProject("id", otherProject)), 401},
		"other method":    {`{"auth":{"identity":{"methods":["token"]}}}`, 400},
		"not JSON":        {`{`, 400},
		"empty":           {``, 400},
	} {
		got := call(t, "POST", s.url+"/v3/auth/tokens", c.body)
		require.Equal(t, c.status, got.status, name)
		failure, isObject := got.body["error"].(map[string]any)
		require.True(t, isObject, name)
		require.EqualValues(t, c.status, failure["code"], name)
		require.NotEmpty(t, failure["message"], name)
		require.Empty(t, got.header.Get("X-Subject-Token"), name)
	}
}

func TestSDKFindsTheProjectOfARegionThroughIAM(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	build := func(name string) (*gaussdb.GaussDBClient, error) {
		credentials, err := basic.NewCredentialsBuilder().WithAk(huawei.DefaultAccessKey).WithSk(huawei.DefaultSecretKey).
			WithIamEndpointOverride(s.url).SafeBuild()
		require.NoError(t, err)
		hc, err := gaussdb.GaussDBClientBuilder().WithRegion(region.NewRegion(name, s.url)).WithCredential(credentials).SafeBuild()
		if err != nil {
			return nil, err
		}
		return gaussdb.NewGaussDBClient(hc), nil
	}
	found, err := build(huawei.DefaultRegion)
	require.NoError(t, err)
	_, err = found.ShowGaussMySqlProxyList(list())
	require.NoError(t, err)
	require.Equal(t, 1, s.book.Calls()["iam:KeystoneListProjects"])

	_, err = build("nowhere-1")
	require.Error(t, err)
}
