// SPDX-License-Identifier: Apache-2.0
//
// Reading HDF5, as much as weight files need: groups, attributes, numeric datasets. Files may be
// hostile: every size is checked against limits before memory is taken, and nothing of the HDF5
// library's own error printing reaches the user.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::frontends {

class Hdf5File {
  public:
    /// Opens a file on disk. Errors name the file.
    static Result<Hdf5File> open(const std::string& path);
    /// Opens an image in memory (an .h5 inside a zip); `name` is for messages.
    static Result<Hdf5File> from_bytes(std::string bytes, const std::string& name);
    ~Hdf5File();
    Hdf5File(Hdf5File&&) noexcept;
    Hdf5File& operator=(Hdf5File&&) noexcept;

    /// True if a group or dataset exists at the path ("/layers/dense/vars/0"; "/" is the root).
    [[nodiscard]] bool exists(const std::string& path) const;
    /// Names of the members of a group, in alphabetical order; empty if there is no such group.
    [[nodiscard]] std::vector<std::string> members(const std::string& group) const;
    [[nodiscard]] bool is_dataset(const std::string& path) const;
    /// A numeric or boolean dataset as doubles (float16/32/64, integers up to 2^53), shape as
    /// stored.
    [[nodiscard]] Result<tensor::Tensor<double>> read(const std::string& dataset) const;
    [[nodiscard]] bool has_attribute(const std::string& object, const std::string& name) const;
    [[nodiscard]] Result<std::string> string_attribute(const std::string& object,
                                                       const std::string& name) const;
    [[nodiscard]] Result<std::vector<std::string>> strings_attribute(const std::string& object,
                                                                     const std::string& name) const;
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    struct Handle;
    Hdf5File(std::unique_ptr<Handle> handle, std::string name);
    std::unique_ptr<Handle> handle_;
    std::string name_;
};

}  // namespace gatewright::frontends
