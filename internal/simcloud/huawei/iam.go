package huawei

import (
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// tokenTime is the form of IAM's times.
const tokenTime = "2006-01-02T15:04:05.000000Z"

// tokenRequest is the body of POST /v3/auth/tokens.
type tokenRequest struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					Name     string `json:"name"`
					Password string `json:"password"`
					Domain   struct {
						Name string `json:"name"`
					} `json:"domain"`
				} `json:"user"`
			} `json:"password"`
		} `json:"identity"`
		Scope struct {
			Project struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"project"`
		} `json:"scope"`
	} `json:"auth"`
}

type object map[string]any

// createToken issues a token to a user who names its password. A token without
// a project as its scope opens no project, as in the real cloud.
func (c *Cloud) createToken(call *call) (*reply, error) {
	var body tokenRequest
	if err := json.Unmarshal(call.body, &body); err != nil {
		return nil, &iamError{http.StatusBadRequest, "The request body is not valid JSON."}
	}
	if !slices.Contains(body.Auth.Identity.Methods, "password") {
		return nil, &iamError{http.StatusBadRequest, `The simulated IAM knows the authentication method "password" only.`}
	}
	given := body.Auth.Identity.Password.User
	i := slices.IndexFunc(c.users, func(u User) bool {
		return u.Domain == given.Domain.Name && u.Name == given.Name && u.Password == given.Password
	})
	if i < 0 {
		return nil, &iamError{http.StatusUnauthorized, "The username or password is wrong."}
	}
	user := c.users[i]
	scope, err := c.scope(body, user)
	if err != nil {
		return nil, err
	}
	issued := token{caller{name: user.Name}, call.now.Add(c.durations.Token)}
	answer := object{
		"methods":    []string{"password"},
		"issued_at":  call.now.UTC().Format(tokenTime),
		"expires_at": issued.expires.UTC().Format(tokenTime),
		"user": object{
			"name": user.Name, "id": namedID(user.Name), "domain": domainOf(user), "password_expires_at": "",
		},
		"roles":   []object{{"id": "0", "name": "te_admin"}},
		"catalog": []object{},
	}
	if scope.ID != "" {
		issued.caller.projects = []string{scope.ID}
		answer["project"] = object{"id": scope.ID, "name": scope.Region, "domain": domainOf(user)}
	}
	value := "SIM" + rand.Text() + rand.Text()
	c.tokens[value] = issued
	return &reply{
		status: http.StatusCreated,
		header: map[string]string{"X-Subject-Token": value},
		body:   object{"token": answer},
	}, nil
}

// scope is the project that the token must be for, one without an id where
// none is asked for.
func (c *Cloud) scope(body tokenRequest, user User) (Project, error) {
	wanted := body.Auth.Scope.Project
	if wanted.ID == "" && wanted.Name == "" {
		return Project{}, nil
	}
	for _, p := range c.projects {
		if (p.ID == wanted.ID || wanted.ID == "" && p.Region == wanted.Name) &&
			slices.Contains(c.projectsOr(user.Projects), p.ID) {
			return p, nil
		}
	}
	return Project{}, &iamError{http.StatusUnauthorized, "The project does not exist or the user may not use it."}
}

// listProjects lists the caller's projects, of one name where it asks for one.
func (c *Cloud) listProjects(call *call) (*reply, error) {
	name := call.query.Get("name")
	list := []object{}
	for _, p := range c.projects {
		mine := slices.Contains(call.caller.projects, p.ID)
		if mine && (name == "" || name == p.Region) {
			list = append(list, object{
				"id": p.ID, "name": p.Region, "enabled": true, "is_domain": false, "description": "",
				"domain_id": namedID("domain"), "parent_id": namedID("domain"),
			})
		}
	}
	return ok(object{"projects": list, "links": object{"next": nil, "previous": nil}}), nil
}

func domainOf(user User) object { return object{"id": namedID(user.Domain), "name": user.Domain} }

// namedID is an id of 32 hexadecimal digits, always the same for a name.
func namedID(name string) string { return hexSum([]byte(name))[:32] }

// expireTokens lets every token that was issued expire now.
func (c *Cloud) expireTokens(now time.Time) {
	for value, issued := range c.tokens {
		if issued.expires.After(now) {
			issued.expires = now
			c.tokens[value] = issued
		}
	}
}
