# The commands a contributor needs. Tools are pinned in tools/go.mod.
GO    ?= go
TOOL  := $(GO) tool -modfile=tools/go.mod
LINT  := $(TOOL) golangci-lint
RELEASER := $(GO) tool -modfile=tools/release/go.mod goreleaser
SEED  ?= 1

.DEFAULT_GOAL := help
.PHONY: help build test lint mutants fmt replay record pictures demo bench bench-peers bench-campaign check release-check snapshot release

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the worker, the command and the servers into bin/.
	@mkdir -p bin
	$(GO) build -o bin/tidegate-worker ./cmd/tidegate-worker
	$(GO) build -o bin/tidegate ./cmd/tidegate
	$(GO) build -o bin/simcloud ./simcloud
	$(GO) build -o bin/devserver ./devserver

test: ## Run every test that this machine can run.
	$(GO) test ./...

lint: ## Vet, lint and check the workflows for non-determinism.
	$(GO) vet ./...
	$(LINT) run
	$(TOOL) workflowcheck -config tools/workflowcheck.yaml ./workflows/...
	.ci/lint-bites $(LINT)

mutants: ## Change the domain's code in small ways: at least 95 of 100 must make a test fail (SEED=1).
	@echo "seed $(SEED)"
	SEED=$(SEED) GOFLAGS="-count=1 -vet=off -exec=$(CURDIR)/.ci/mutant-tests" $(TOOL) gremlins unleash internal/maintenance \
		--threshold-efficacy 95 --timeout-coefficient 5 --output-statuses ltv

fmt: ## Format the code (gofumpt, grouped imports).
	$(LINT) fmt

replay: ## Replay every recorded history against the workflows as they are.
	$(GO) test -count=1 -run Replay ./workflows/...

record: ## Record histories of the released build that is checked out: make record RELEASE=0.1.0
	@test -n "$(RELEASE)" || { echo "say which release is checked out: make record RELEASE=0.1.0"; exit 2; }
	TIDEGATE_RECORD=$(RELEASE) $(GO) test -count=1 ./test/e2e

pictures: ## Make the pictures of the docs again, by a real browser.
	TIDEGATE_PICTURES=1 $(GO) test -count=1 -run Browser ./test/e2e ./internal/cli ./internal/workers

demo: ## Run the main job: embedded Temporal, simulated clouds, a campaign over 22 gateways.
	$(GO) run ./demo

bench: ## Run the benchmarks, but for that of ten thousand targets.
	$(GO) test -run '^$$' -bench . -skip TenThousand -benchmem ./...

bench-peers: ## Maintain one simulated fleet with Tidegate and with its alternatives, and compare them.
	$(GO) run ./bench

bench-campaign: ## Take ten thousand targets through one campaign: half an hour.
	$(GO) test -run '^$$' -bench TenThousand -benchtime 1x -timeout 2h ./test/campaign

check: ## Run everything that CI runs.
	.ci/run

release-check: ## Check .goreleaser.yaml.
	$(RELEASER) check

snapshot: ## Make a release of what is checked out in dist/, unsigned; images where an engine runs.
	$(RELEASER) release --snapshot --clean --skip=sign$$(docker version > /dev/null 2>&1 || echo ,docker)

release: ## Make and sign the release of the tag that is checked out, as a draft.
	@mkdir -p bin
	awk '/^## \[/ { n++ } n == 2' CHANGELOG.md > bin/release-notes.md
	$(RELEASER) release --clean --release-notes bin/release-notes.md
