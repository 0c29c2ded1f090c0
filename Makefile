# SPDX-License-Identifier: Apache-2.0
#
#   make        build (build/bin/gatewright)
#   make demo   install what is needed, build, and take a trained jet tagger to verified Verilog
#   make test   install what is needed, build, and run the whole test suite
#   make quick  the tests that take seconds
#   make bench  the benchmarks, results in build/bench/*.json

PRESET  ?= release
BUILD   := build
GW      := $(BUILD)/bin/gatewright
DEMO    := $(BUILD)/demo/jets

.NOTPARALLEL:
.PHONY: all build deps demo test quick bench clean

all: build

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset $(PRESET) > $(BUILD).cmake.log 2>&1 || \
	  { cat $(BUILD).cmake.log; echo "Is a package missing? 'make deps' installs them."; exit 1; }
	@rm -f $(BUILD).cmake.log

deps:
	@.ci/dependencies.sh

# The commands are shown: they are what a user would type.
demo: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet gatewright
	@mkdir -p $(BUILD)/demo
	$(GW) compile models/jets/jets.keras -o $(DEMO) --name jets --part xcvu13p-2 --clock 360MHz
	$(GW) verify $(DEMO) --vectors 20000 --data models/jets/jets_test_x.npy
	$(GW) synth $(DEMO)
	$(GW) evaluate $(DEMO) --data models/jets/jets_test_x.npy --labels models/jets/jets_test_y.npy --class-names g,q,w,z,t
	$(GW) report $(DEMO)

test: deps
	@$(MAKE) --no-print-directory build
	@ctest --preset $(PRESET)

quick: deps
	@$(MAKE) --no-print-directory build
	@ctest --preset quick

bench: deps
	@$(MAKE) --no-print-directory build
	@mkdir -p $(BUILD)/bench
	@for program in $(BUILD)/bin/bench_*; do $$program $(BUILD)/bench || exit 1; done
	@bench/logic/run.sh $(BUILD) $(BUILD)/bench 2> $(BUILD)/bench/logic.log || { cat $(BUILD)/bench/logic.log; exit 1; }
	@bench/cmvm/run.sh $(BUILD) $(BUILD)/bench --quick 2> $(BUILD)/bench/cmvm.log || { cat $(BUILD)/bench/cmvm.log; exit 1; }

clean:
	@rm -rf $(BUILD)
