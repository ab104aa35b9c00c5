# One image with the worker, the operator's command and the simulated clouds:
# static binaries on an empty base, as a user without rights. The dev server and
# the demo are not in it: they carry a Temporal server.

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS go

FROM go AS build
WORKDIR /src
# Modules first: they change seldom, and are then taken from the cache.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# Built on the machine's own processor for whichever is wanted; nothing is emulated.
ARG TARGETOS TARGETARCH
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
# The history of the repository is not in here, so who builds says what this is.
ARG VERSION="" COMMIT="" DATE=""
ARG build=github.com/tidegate/tidegate/internal/program
ARG flags="-s -w -X $build.version=$VERSION -X $build.commit=$COMMIT -X $build.date=$DATE"
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags="$flags" -o /out/tidegate-worker ./cmd/tidegate-worker && \
    go build -trimpath -ldflags="$flags" -o /out/tidegate ./cmd/tidegate && \
    go build -trimpath -ldflags="$flags" -o /out/simcloud ./simcloud

FROM scratch AS base
# The clouds' and Temporal's certificates are checked against these.
COPY --from=go /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# There is no /etc/passwd to tell a home, where Temporal's and the clouds'
# configuration files are looked for; 65532 is what distroless images call nonroot.
ENV PATH=/usr/local/bin HOME=/
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/tidegate-worker"]

# A release has its programs built already, once for archives and images: .goreleaser.yaml.
FROM base AS release
ARG TARGETPLATFORM
COPY LICENSE bin/release/THIRD_PARTY_LICENSES.txt /usr/share/doc/tidegate/
COPY $TARGETPLATFORM/ /usr/local/bin/

FROM base
COPY --from=build /out/ /usr/local/bin/
