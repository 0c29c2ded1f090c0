// SPDX-License-Identifier: Apache-2.0
//
// Writes HDF5 weight files as Keras 2 does, for tests of the importer.
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace gatewright::testing {

class WeightFile {
  public:
    struct Item {
        std::string role;  ///< "kernel"
        tensor::Shape shape;
        std::vector<float> values;
    };

    explicit WeightFile(const std::string& path)
        : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
    WeightFile(const WeightFile&) = delete;
    WeightFile& operator=(const WeightFile&) = delete;
    ~WeightFile() { H5Fclose(file_); }

    /// The group of one layer: its tensors, and the attribute Keras finds them by.
    void add(const std::string& layer, const std::vector<Item>& items) {
        for (const Item& item : items) write_tensor(layer, item);
        write_names(layer, items);
    }

  private:
    void write_tensor(const std::string& layer, const Item& item) const {
        const std::vector<hsize_t> dims(item.shape.begin(), item.shape.end());
        const std::string path = "/" + layer + "/" + layer + "/" + item.role + ":0";
        const hid_t links = H5Pcreate(H5P_LINK_CREATE);
        H5Pset_create_intermediate_group(links, 1);
        const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
        const hid_t set = H5Dcreate2(file_, path.c_str(), H5T_NATIVE_FLOAT, space, links,
                                     H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, item.values.data());
        H5Dclose(set);
        H5Sclose(space);
        H5Pclose(links);
    }

    void write_names(const std::string& layer, const std::vector<Item>& items) const {
        std::size_t width = 1;
        std::vector<std::string> names;
        for (const Item& item : items) names.push_back(layer + "/" + item.role + ":0");
        for (const std::string& name : names) width = std::max(width, name.size());
        std::string bytes;
        for (const std::string& name : names)
            bytes += name + std::string(width - name.size(), '\0');
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, width);
        H5Tset_strpad(type, H5T_STR_NULLPAD);
        const hsize_t count = names.size();
        const hid_t space = H5Screate_simple(1, &count, nullptr);
        const hid_t group = H5Gopen2(file_, ("/" + layer).c_str(), H5P_DEFAULT);
        const hid_t attribute =
            H5Acreate2(group, "weight_names", type, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, type, bytes.data());
        H5Aclose(attribute);
        H5Gclose(group);
        H5Sclose(space);
        H5Tclose(type);
    }

    hid_t file_;
};

}  // namespace gatewright::testing
