package trust_test

import (
	"crypto/tls"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/tidegate/tidegate/test/certificates"
)

// frontend is in front of the stage's Temporal as one of Temporal Cloud's: it demands TLS, a client certificate and an
// API key, and passes on what it does not refuse.
type frontend struct {
	address   string
	authority *certificates.Authority
	conf      atomic.Pointer[tls.Config]
	apiKeys   atomic.Pointer[[]string] // that are let in; nil: none is demanded
	usedKey   atomic.Pointer[string]   // the last that was
	usedCert  atomic.Pointer[big.Int]  // the serial number of the last client certificate
	refuse    func(method string) error
	calls     atomic.Int64 // that passed
	server    *grpc.Server
}

// letIn has the front end take these API keys alone.
func (f *frontend) letIn(keys ...string) { f.apiKeys.Store(&keys) }

// guard puts a front end before the stage's Temporal, and has the commands use it: by a client certificate in
// client.pem and client.key.
func (s *stage) guard(refuse func(method string) error, options ...grpc.ServerOption) *frontend {
	s.t.Helper()
	f := &frontend{refuse: refuse}
	var err error
	f.authority, err = certificates.New(s.t.TempDir())
	require.NoError(s.t, err)
	server, err := f.authority.Issue("server", certificates.Here())
	require.NoError(s.t, err)
	f.conf.Store(&tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: f.authority.Pool(),
		NextProtos: []string{"h2"},
		VerifyConnection: func(c tls.ConnectionState) error {
			f.usedCert.Store(c.PeerCertificates[0].SerialNumber)
			return nil
		},
	})
	behind, err := grpc.NewClient(s.server.FrontendAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(asItIs{}), grpc.MaxCallRecvMsgSize(64<<20)))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, behind.Close()) })
	listener, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	f.address = listener.Addr().String()
	f.server = grpc.NewServer(append(options, grpc.ForceServerCodec(asItIs{}), grpc.MaxRecvMsgSize(64<<20),
		grpc.Creds(credentials.NewTLS(&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.conf.Load(), nil }})),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return f.pass(stream, behind) }))...)
	ended := make(chan error, 1)
	go func() { ended <- f.server.Serve(listener) }()
	s.t.Cleanup(func() {
		f.server.Stop()
		require.NoError(s.t, <-ended)
	})
	_, err = f.authority.Issue("client", certificates.Here())
	require.NoError(s.t, err)
	for name, value := range map[string]string{
		"TEMPORAL_ADDRESS": f.address, "TEMPORAL_TLS_SERVER_CA_CERT_PATH": f.authority.Path("ca.pem"),
		"TEMPORAL_TLS_CLIENT_CERT_PATH": f.authority.Path("client.pem"), "TEMPORAL_TLS_CLIENT_KEY_PATH": f.authority.Path("client.key"),
	} {
		s.t.Setenv(name, value)
	}
	return f
}

// pass passes on one request and its answer.
func (f *frontend) pass(stream grpc.ServerStream, behind *grpc.ClientConn) error {
	method, _ := grpc.MethodFromServerStream(stream)
	headers, _ := metadata.FromIncomingContext(stream.Context())
	if keys := f.apiKeys.Load(); keys != nil {
		key, _ := strings.CutPrefix(strings.Join(headers["authorization"], ""), "Bearer ")
		if !slices.Contains(*keys, key) {
			return status.Error(codes.PermissionDenied, "Request unauthorized.")
		}
		f.usedKey.Store(&key)
	}
	if f.refuse != nil {
		if err := f.refuse(method); err != nil {
			return err
		}
	}
	var request, reply []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	f.calls.Add(1)
	headers.Delete("authorization")
	if err := behind.Invoke(metadata.NewOutgoingContext(stream.Context(), headers), method, &request, &reply); err != nil {
		return err
	}
	return stream.SendMsg(&reply)
}

// asItIs passes messages on as they are.
type asItIs struct{}

func (asItIs) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }        //nolint:errcheck // it is nothing else
func (asItIs) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil } //nolint:errcheck // as above
func (asItIs) Name() string                       { return "proto" }
