# Everything a newcomer needs; `make` alone lists it.
GO      ?= go
TOOLS   := $(CURDIR)/.tools
LINT    := $(TOOLS)/golangci-lint
BIN     := $(CURDIR)/bin
PKGS    ?= ./...

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: build engine ## the whole pipeline on this machine: a morning of four agents, under two minutes once set up
	@$(BIN)/weighlock demo

.PHONY: test
test: engine ## every test, with the race detector
	$(GO) test -race -shuffle=on -timeout 15m $(PKGS)

.PHONY: soak
soak: ## what takes minutes: the races and floods in full size, with their figures
	WEIGHLOCK_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run 'Racing|Flood|Mixed' -race ./test/verdicts
	WEIGHLOCK_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run LongHistory ./test/reports
	WEIGHLOCK_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run ManyOpen ./services/approver-router/routing
	WEIGHLOCK_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run ManyTimers ./services/escalator/escalation
	WEIGHLOCK_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run 'KilledAtRandomPoints|LongBacklog' ./services/auditsink/sink

.PHONY: build
build: ## the command line and the services, into bin/
	@mkdir -p $(BIN)
	$(GO) build -trimpath -o $(BIN)/ ./cmd/... ./services/...

.PHONY: engine
engine: ## ClickHouse's engine, from npm, pinned by its lock file
	@build/engine/install.sh > /dev/null

.PHONY: bench
bench: build engine ## throughput and latency beside the raw ceilings of the same run
	$(BIN)/weighlock bench --actions 100000

.PHONY: lint
lint: $(LINT) ## golangci-lint, in the version build/tools pins
	$(LINT) run --allow-parallel-runners $(PKGS)

$(LINT): build/tools/go.sum
	@mkdir -p $(TOOLS)
	cd build/tools && $(GO) build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: ## write the generated files anew
	$(GO) generate ./...

.PHONY: check-generated
check-generated: generate ## fail where a generated file is not current
	@git diff --exit-code -- pkg docs deploy || { echo "generated files differ: run make generate and commit"; exit 1; }

.PHONY: fuzz
fuzz: ## a minute of fuzzing for everything that parses
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p || exit 1; done; done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) $(TOOLS)
