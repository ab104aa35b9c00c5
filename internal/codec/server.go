package codec

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"slices"
	"strings"

	"go.temporal.io/sdk/converter"
)

// Server says whom a codec server answers.
type Server struct {
	// Namespace is the only one whose payloads are decrypted and encrypted.
	Namespace string
	// Origins are the addresses of Web UIs whose pages may ask, such as https://temporal.example.com.
	Origins []string
	// Token is what a request must show, as a bearer token or as a password with any user. Empty:
	// nobody signs in, so the server may listen on loopback only.
	Token string
}

// maxBody of a request in bytes: the Web UI sends a page of a history at once.
const maxBody = 32 << 20

// Handler serves the keys by the protocol of Temporal's codec servers: POST .../encode and .../decode.
// GET / asks a browser for the login, which it then sends along for the Web UI.
func (s Server) Handler(keys Keys) http.Handler {
	payloads := converter.NewPayloadCodecHTTPHandler(Codec{keys})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {}) // 200
	mux.Handle("GET /{$}", s.signedIn(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "Signed in to the codec server of namespace "+s.Namespace+". Go back to the Web UI.\n") //nolint:errcheck,gosec // who asked has gone
	}))
	mux.Handle("POST /", s.signedIn(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Namespace"); got != s.Namespace {
			http.Error(w, "this codec server serves another namespace than the one in X-Namespace", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		payloads.ServeHTTP(w, r)
	}))
	return s.fromOrigins(mux)
}

// fromOrigins answers pages of the Web UIs alone, and what is no browser.
func (s Server) fromOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if origin != "" && !slices.Contains(s.Origins, origin) {
			http.Error(w, "pages of this origin may not ask: start the codec server with --origin for it", http.StatusForbidden)
			return
		}
		if origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		}
		if r.Method == http.MethodOptions { // asked before the request, and so without its login
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s Server) signedIn(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Token != "" && !same(shown(r), s.Token) {
			w.Header().Set("WWW-Authenticate", `Basic realm="tidegate codec", charset="UTF-8"`)
			http.Error(w, "sign in with the codec server's token, as a bearer token or as the password", http.StatusUnauthorized)
			return
		}
		next(w, r)
	})
}

// shown is the token of a request.
func shown(r *http.Request) string {
	if _, password, is := r.BasicAuth(); is {
		return password
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// same takes as long for every token.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
