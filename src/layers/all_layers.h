// SPDX-License-Identifier: Apache-2.0
//
// Every layer class, for the registry; other code includes the layer it needs.
#pragma once

#include "layers/dense.h"
#include "layers/input.h"
#include "layers/quantize.h"
#include "layers/relu.h"
