// SPDX-License-Identifier: Apache-2.0
//
// Every layer class, for the registry; other code includes the layer it needs.
#pragma once

#include "layers/affine.h"
#include "layers/argmax.h"
#include "layers/clip.h"
#include "layers/concatenate.h"
#include "layers/dense.h"
#include "layers/dot.h"
#include "layers/einsum_dense.h"
#include "layers/hard_sigmoid.h"
#include "layers/input.h"
#include "layers/leaky_relu.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/prelu.h"
#include "layers/program.h"
#include "layers/quantize.h"
#include "layers/relu.h"
#include "layers/reshape.h"
#include "layers/sign.h"
#include "layers/softmax.h"
#include "layers/square.h"
#include "layers/sum.h"
#include "layers/top_k_threshold.h"
#include "layers/unary_table.h"
