// SPDX-License-Identifier: Apache-2.0
//
// The little that every use of the HDF5 library here shares: identifiers that close themselves and
// the rule which datasets are read. Damaged files may crash the library, so reading happens in a
// process of its own (support/isolate.h).
#pragma once

#include <hdf5.h>

#include <utility>

#include "support/result.h"

namespace gatewright::events {

class Hdf5Id {
  public:
    Hdf5Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
    Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Hdf5Id& operator=(Hdf5Id&&) = delete;
    ~Hdf5Id() {
        if (id_ >= 0) close_(id_);
    }
    [[nodiscard]] bool valid() const { return id_ >= 0; }
    [[nodiscard]] hid_t get() const { return id_; }

  private:
    hid_t id_;
    herr_t (*close_)(hid_t);
};

/// Numbers stored in the file itself, with filters that HDF5 brings along: external storage,
/// virtual datasets and filter plug-ins would let a hostile file reach other files.
Status check_storage(hid_t dataset);

/// No messages of the library's own, no plug-ins.
void quiet_hdf5();

}  // namespace gatewright::events
