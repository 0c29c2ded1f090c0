// SPDX-License-Identifier: Apache-2.0
//
// Everything in an HDF5 image, by the HDF5 library. The library is known to read past its buffers
// on damaged files, so this runs only in a process of its own (hdf5_file.cpp). Only hard links are
// followed and only data inside the image is read: external links, external storage, virtual
// datasets and filter plug-ins would let a hostile file reach other files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::frontends {

struct Hdf5Object {
    bool is_dataset = false;
    std::vector<std::string> members;  ///< of a group, sorted
    Result<tensor::Tensor<double>> data = fail("is a group, expected numbers");
    std::map<std::string, Result<std::vector<std::string>>>
        attributes;  ///< an error where not text
};

/// By path; the root is "/".
using Hdf5Tree = std::map<std::string, Hdf5Object>;

/// Empty if the image is no HDF5 file.
Hdf5Tree read_hdf5(const std::string& image);

}  // namespace gatewright::frontends
