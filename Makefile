# Boxwright's front door. It only calls scripts/ and CMake; `make help` lists the targets.
#
#   make                          builds build/release/boxwright (installs nothing)
#   make run [IN=…] [OUT=…] [MODEL=…]
#   make test
#   make bench [ARGS=…]

OUT ?= out
PREFIX ?= /usr/local
PROGRAM := build/release/boxwright
SAMPLES := assets/photos
DEFAULT_MODEL := assets/models/yolov3-tiny/yolov3-tiny.cfg
export CTEST_PARALLEL_LEVEL ?= $(shell nproc)

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: build run test check asan-test tsan-test lint bench install setup assets clean help

build: ## Build build/release/boxwright
	@scripts/setup.sh --check build
	@scripts/build.sh --products release

run: ## Install what is missing, build, fetch the model, annotate IN into OUT, name the report
	@scripts/setup.sh build run
	@scripts/build.sh --products release
	@scripts/assets.sh $(if $(MODEL),,model) $(if $(IN),,photos)
	@$(PROGRAM) annotate $(or $(IN),$(SAMPLES)) --out "$(OUT)" \
	    --model "$(or $(MODEL),$(DEFAULT_MODEL))" --draw --overwrite

test: ## Install what is missing, then run every test: sanitizers first, the release build last
	@scripts/setup.sh build run test
	@scripts/setup.sh --optional fetch extra
	@scripts/assets.sh --optional model photos
	@scripts/test.sh asan tsan release

check: ## Run the release build's tests alone
	@scripts/setup.sh build run test
	@scripts/setup.sh --optional fetch extra
	@scripts/assets.sh --optional model photos
	@scripts/test.sh release

asan-test: ## Run the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/setup.sh build run test
	@scripts/setup.sh --optional fetch extra
	@scripts/assets.sh --optional model photos
	@scripts/test.sh asan

tsan-test: ## Run the tests of threads and engine under ThreadSanitizer
	@scripts/setup.sh build test
	@scripts/test.sh tsan

lint: ## Check format (clang-format), warnings (clang) and code (clang-tidy, cppcheck)
	@scripts/setup.sh build test lint
	@scripts/build.sh release
	@scripts/lint.sh

bench: ## Compare with other engines on this machine, as ARGS says (docs/comparison.md)
	@scripts/setup.sh build
	@scripts/setup.sh --optional fetch
	@scripts/build.sh --products release
	@scripts/assets.sh model photos
	@bench/run.sh $(ARGS)

install: ## Install to DESTDIR and PREFIX (default /usr/local)
	@scripts/setup.sh --check build
	@scripts/build.sh --products release
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"
	@[ -f $(DEFAULT_MODEL:.cfg=.weights) ] || echo "installed without the default model's weights;" \
	    "to have them too, run make assets, then make install again"

setup: ## Install every Debian package that building, testing and linting need
	@scripts/setup.sh build run fetch test extra lint

assets: ## Fetch the default model and the sample photos into assets/
	@scripts/assets.sh model photos

clean: ## Remove build/ and out/; assets/ stays
	rm -rf build out

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20
