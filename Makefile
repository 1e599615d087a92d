# The commands of this repository. The tools are pinned in tools/go.mod.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINTER  := bin/tools/golangci-lint
BENCHES := $(patsubst %/main.go,./%,$(wildcard bench/*/main.go))

.PHONY: build
build: ## bin/cardinal: one static program
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/cardinal ./cmd/cardinal

.PHONY: test
test: ## every test, with what they need installed where that is possible
	scripts/prerequisites.sh
	go vet ./...
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		printf 'gofmt these first:\n%s\n' "$$unformatted"; exit 1; fi
	scripts/test.sh

.PHONY: lint
lint: $(LINTER) ## the rules in .golangci.yml
	nice -n 19 $(LINTER) run ./...

$(LINTER): tools/go.mod # takes minutes to build, once
	nice -n 19 go build -modfile=tools/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: ## what is generated and kept in the repository
	cd internal/store && go tool -modfile=../../tools/go.mod sqlc generate
	go generate ./...

.PHONY: bench
bench: ## the programs under bench/, one after the other
	scripts/prerequisites.sh bench
	@set -e; for program in $(BENCHES); do echo "== $$program"; go run "$$program"; done

.PHONY: pictures
pictures: ## the pictures in docs/, taken anew
	CARDINAL_GUIDES=update go test ./e2e/browser -run TestGuides -count=1

.PHONY: look
look: ## every page as every role in every language, in Chromium with axe; pictures in bin/look
	mkdir -p bin/look
	CARDINAL_LOOK=all CARDINAL_PICTURES=$(CURDIR)/bin/look go test ./e2e/browser -run TestEveryPage -count=1 -timeout 2h -v

.PHONY: kills
kills: ## a thousand kills of two nodes that send notifications, on each database
	CARDINAL_KILLS=1000 go test ./e2e/kills -count=1 -timeout 2h -v

.PHONY: exact
exact: ## a thousand rounds of a hundred tries at once, on SQLite and on three nodes over PostgreSQL
	CARDINAL_ROUNDS=1000 go test ./internal/signin -run 'TestExact' -count=1 -timeout 4h -v

.PHONY: clean
clean: ## what make builds
	rm -rf bin
