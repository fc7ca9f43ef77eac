# SPDX-License-Identifier: Apache-2.0
# The habits; Meson does the work (meson.build). `make` is all a newcomer needs, then `make check`, `make demo`.
BUILD := build
PREFIX ?= /usr/local

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

# Everything missing is installed through apt-get (tools/packages lists it), or named where there is none.
$(BUILD)/build.ninja:
	@tools/need build
	meson setup --prefix $(PREFIX) $(BUILD)

# All tests and guards; the last line is `N passed, N failed, N skipped`.
check: all
	@tools/need demo check
	@tools/check --build $(BUILD)

# A real service behind `handfast server`: one client admitted, three refused, each with its cause.
demo: $(BUILD)/build.ninja
	@tools/need demo
	@ninja -C $(BUILD) handfast
	@tools/demo $(BUILD)

# BoringSSL's test runner, fetched or (RUNNER=FILE) compiled before, against the library; doc/conformance.md.
conformance: all
	@tests/bogo/run --build $(BUILD) $(if $(RUNNER),--runner $(RUNNER))

# Wrong and healthy set-ups against other servers and clients (tests/diagnose): what is told wrong, and the share of right causes.
diagnose: all
	@tools/need demo check
	@HANDFAST=$(abspath $(BUILD))/handfast tests/diagnose/share

bench: all
	@bench/run --build $(BUILD)

# Each fuzz target (tests/fuzz) for FUZZ_SECONDS, under libFuzzer; prints the executions of each.
FUZZ_SECONDS ?= 60
FUZZ_BUILD ?= build-clang
fuzz:
	@tools/need build fuzz
	@[ -d $(FUZZ_BUILD) ] || CC=clang meson setup -Dfuzz=true $(FUZZ_BUILD) >/dev/null
	@ninja -C $(FUZZ_BUILD) fuzz-targets
	@tests/fuzz/run --seconds $(FUZZ_SECONDS) $(FUZZ_BUILD)/tests/fuzz

# Lines and branches of floors 0 to 3 that the tests run.
coverage:
	@tools/need build coverage
	@tools/coverage

# No branch and no address depends on a secret, as valgrind sees it.
ct: all
	@tools/need check
	@tools/check --build $(BUILD) ct

floors size:
	@tools/$@

lint: all
	@tools/need lint
	@tools/lint $(BUILD)

install: all
	meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD)

.PHONY: all check demo conformance diagnose fuzz coverage ct bench floors size lint install clean
