package codec_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/codec"
)

// key is a key of an id, made of one letter.
func key(id, letter string) string {
	return id + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// ring are given keys, as a codec.
func ring(t *testing.T, keys ...string) codec.Codec {
	t.Helper()
	r, err := codec.ParseKeys(strings.Join(keys, "\n"))
	require.NoError(t, err)
	return codec.Codec{Keys: r}
}

// payload is one of a text.
func payload(t *testing.T, text string) []*commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(text)
	require.NoError(t, err)
	return []*commonpb.Payload{p}
}

func requireSame(t *testing.T, want, got []*commonpb.Payload) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, proto.Equal(want[i], got[i]))
	}
}

func TestAPayloadIsReadByWhoeverHasItsKey(t *testing.T) {
	t.Parallel()
	plain := payload(t, "files-1")
	old := ring(t, key("2025", "a"))
	kept, err := old.Encode(plain)
	require.NoError(t, err)
	require.True(t, codec.Encrypted(kept[0]))
	require.NotContains(t, kept[0].String(), "files-1")
	require.NotContains(t, kept[0].String(), "json/plain", "the metadata is hidden too")

	for name, reader := range map[string]codec.Codec{
		"the same":          old,
		"a new one first":   ring(t, key("2026", "b"), key("2025", "a")),
		"a new one to come": ring(t, key("2025", "a"), key("2026", "b")),
	} {
		got, err := reader.Decode(kept)
		require.NoError(t, err, name)
		requireSame(t, plain, got)
	}
	again, err := old.Encode(plain)
	require.NoError(t, err)
	require.NotEqual(t, kept[0].GetData(), again[0].GetData(), "equal payloads do not look equal")
	twice, err := old.Encode(kept)
	require.NoError(t, err)
	requireSame(t, kept, twice)
}

func TestTheFirstKeyEncrypts(t *testing.T) {
	t.Parallel()
	kept, err := ring(t, key("2026", "b"), key("2025", "a")).Encode(payload(t, "x"))
	require.NoError(t, err)
	require.Equal(t, "2026", string(kept[0].GetMetadata()["encryption-key-id"]))
}

func TestPlainTextStaysReadable(t *testing.T) {
	t.Parallel()
	plain := payload(t, "files-1")
	got, err := ring(t, key("2026", "b")).Decode(plain)
	require.NoError(t, err)
	requireSame(t, plain, got)
	got, err = ring(t).Encode(plain)
	require.NoError(t, err)
	requireSame(t, plain, got)
}

func TestWhatCannotBeReadNamesTheKeyAndTheWayOut(t *testing.T) {
	t.Parallel()
	kept, err := ring(t, key("2025", "a")).Encode(payload(t, "PLANTED"))
	require.NoError(t, err)
	altered := proto.CloneOf(kept[0])
	altered.Data[20] ^= 1
	short := proto.CloneOf(kept[0])
	short.Data = nil
	const another = `a payload that names the key "2025" cannot be decrypted with it: the key of that id is another one here`
	for name, tc := range map[string]struct {
		reader codec.Codec
		kept   *commonpb.Payload
		says   string
	}{
		"no key":        {ring(t), kept[0], `encrypted with the key "2025", and this process has: none; add that key to TIDEGATE_ENCRYPTION_KEYS`},
		"another key":   {ring(t, key("2026", "a")), kept[0], `encrypted with the key "2025", and this process has: 2026; add that key`},
		"another value": {ring(t, key("2025", "b")), kept[0], another},
		"altered":       {ring(t, key("2025", "a")), altered, another},
		"cut":           {ring(t, key("2025", "a")), short, another},
	} {
		_, err := tc.reader.Decode([]*commonpb.Payload{tc.kept})
		require.ErrorContains(t, err, tc.says, name)
		require.Equal(t, codes.DataLoss, status.Code(err), name)
		require.NotContains(t, err.Error(), "PLANTED")
	}
}

// unavailable are keys of a service that does not answer.
type unavailable struct{ codec.Ring }

func (unavailable) Encrypting() (codec.Key, error) { return codec.Key{}, errors.New("no answer") }

func TestNothingIsSentInPlainTextForWantOfTheKey(t *testing.T) {
	t.Parallel()
	_, err := codec.Codec{Keys: unavailable{}}.Encode(payload(t, "x"))
	require.EqualError(t, err, "nothing is sent to Temporal without encryption: find the key: no answer")
}

func TestKeysAreReadWithoutRepeatingThem(t *testing.T) {
	t.Parallel()
	r, err := codec.ParseKeys("\n" + key("a", "x") + "  " + key("b.2-c_D", "y") + "\r\n")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b.2-c_D"}, r.IDs())
	planted := base64.StdEncoding.EncodeToString([]byte("PLANTED"))
	for text, says := range map[string]string{
		planted:                             "key 1: its id must be 1 to 64 letters, digits, dots, underscores or dashes, before a colon",
		"a:" + planted:                      "key 1: must be ID:KEY, with a KEY of 32 bytes in base64, such as `openssl rand -base64 32` makes",
		key("a", "x") + " a:PLANTED!":       "key 2: must be ID:KEY",
		key("a", "x") + " " + key("a", "y"): "key 2: its id is that of an earlier key",
		":" + planted:                       "key 1: its id must be",
	} {
		_, err := codec.ParseKeys(text)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "PLANTED")
		require.NotContains(t, err.Error(), planted)
	}
}
