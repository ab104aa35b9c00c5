// Package httpcheck asks servers for the status of a path. It reads only, and keeps nothing of an answer's body. Start
// at Server.
package httpcheck

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 10

// Server is one server of health checks.
type Server struct {
	client *wire.Client
	http   http.Client
}

// New makes the Server of a configured one. It sends nothing.
func New(s wire.Server) (*Server, error) {
	client, err := s.Open("HTTP server")
	if err != nil {
		return nil, err
	}
	first := *client.HTTP()
	first.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Server{client: client, http: first}, nil
}

// Status is the status of the answer to GET, whatever it is: what it means is the check's to say. A redirect is an
// answer, and is not followed: the login page that it may lead to is always there. Of a body, a bounded part is read.
func (s *Server) Status(ctx context.Context, q health.HTTPQuestion) (int, error) {
	doing := "get a path"
	if err := health.CheckPath(q.Path); err != nil {
		return 0, s.client.Refuse(doing, err)
	}
	target := s.client.Base()
	path, query, _ := strings.Cut(q.Path, "?")
	asked, err := target.Parse(target.EscapedPath() + path)
	if err != nil {
		return 0, s.client.Refuse(doing, err)
	}
	asked.RawQuery = query
	status := 0
	err = s.client.Call(ctx, doing, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.String(), http.NoBody)
		if err != nil {
			return err //nolint:wrapcheck // Call says what was done
		}
		answer, err := s.http.Do(request)
		if err != nil {
			return err //nolint:wrapcheck // as above
		}
		defer answer.Body.Close() //nolint:errcheck // it was only read
		// What is read whole leaves the connection to the next request; what is longer is cut off.
		_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxBody))
		status = answer.StatusCode
		return err //nolint:wrapcheck // as above
	})
	return status, err
}
