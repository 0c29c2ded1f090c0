// SPDX-License-Identifier: Apache-2.0
//
// The passes (opt/pass.h) on a design's flat program, and the bookkeeping around them: which kernel
// each operation belongs to afterwards, so that modules, reports and proofs keep speaking of the
// user's layers.
#pragma once

#include "arch/design.h"
#include "opt/pass.h"

namespace gatewright::compile {

/// Same inputs, outputs, output codes and formats. An operation belongs to the kernel of its layer;
/// never to one before a kernel it reads from.
Result<arch::FlatProgram> optimize_flat(const arch::Design& design, const arch::FlatProgram& flat,
                                        const opt::OptimizeParams& params,
                                        opt::OptimizeStats* stats);

}  // namespace gatewright::compile
