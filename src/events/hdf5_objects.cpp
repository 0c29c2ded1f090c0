// SPDX-License-Identifier: Apache-2.0
#include "events/hdf5_objects.h"

#include <fmt/format.h>

namespace gatewright::events {

Status check_storage(hid_t dataset) {
    const Hdf5Id type(H5Dget_type(dataset), H5Tclose);
    const H5T_class_t kind = type.valid() ? H5Tget_class(type.get()) : H5T_NO_CLASS;
    if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) return fail("is not numeric");
    if (H5Tget_size(type.get()) > 16) return fail("has numbers of more than 16 bytes");
    const Hdf5Id plist(H5Dget_create_plist(dataset), H5Pclose);
    if (!plist.valid()) return fail("is damaged");
    const H5D_layout_t layout = H5Pget_layout(plist.get());
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
        return fail("is a virtual dataset; only data inside the file is read");
    }
    if (H5Pget_external_count(plist.get()) > 0) {
        return fail("lies in another file; only data inside the file is read");
    }
    const int filters = H5Pget_nfilters(plist.get());
    for (int i = 0; i < filters; ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(plist.get(), static_cast<unsigned>(i), &flags,
                                                   &values, nullptr, 0, nullptr, nullptr);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32) {
            return fail(
                fmt::format("uses HDF5 filter {}; only deflate, shuffle and fletcher32 are read",
                            static_cast<int>(filter)));
        }
    }
    return {};
}

void quiet_hdf5() {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
}

}  // namespace gatewright::events
