// SPDX-License-Identifier: Apache-2.0
//
// Expected values were read with h5py.
#include <gtest/gtest.h>

#include <algorithm>

#include "frontends/hdf5_file.h"
#include "support/files.h"
#include "support/rng.h"
#include "unit/frontends/test_zip.h"

namespace gatewright::frontends {
namespace {

const std::string kModels = std::string(GW_SHARED_DATA) + "/hgq2_models/da4ml-ae/";
const std::string kLegacy = kModels + "jsc/openml/epoch=61005-test_acc=76.47.h5";

Hdf5File small_file() {
    auto members = testing::read_keras(kModels + "rand_mat/models/N=8-bw=8.keras");
    return Hdf5File::from_bytes(std::move(members["model.weights.h5"]), "small").value();
}

TEST(Hdf5File, GroupsAndDatasetsAreListed) {
    const Hdf5File file = small_file();
    EXPECT_EQ(file.members("/layers"), (std::vector<std::string>{"input_layer", "q_dense"}));
    EXPECT_TRUE(file.exists("/"));
    EXPECT_TRUE(file.exists("/layers/q_dense/vars/0"));
    EXPECT_FALSE(file.exists("/layers/q_dense/vars/9"));
    EXPECT_TRUE(file.is_dataset("/layers/q_dense/vars/0"));
    EXPECT_FALSE(file.is_dataset("/layers/q_dense"));
    EXPECT_TRUE(file.members("/nowhere").empty());
}

TEST(Hdf5File, NumbersOfEveryTypeReadAsDoubles) {
    const Hdf5File file = small_file();
    const auto kernel = file.read("/layers/q_dense/vars/0").value();
    EXPECT_EQ(kernel.shape, (tensor::Shape{8, 8}));
    const auto sign = file.read("/layers/q_dense/iq/quantizer/vars/1").value();  // uint8
    EXPECT_EQ(sign.shape, (tensor::Shape{1, 8}));
    EXPECT_EQ(sign.data, std::vector<double>(8, 1.0));
    EXPECT_TRUE(file.read("/layers/q_dense/vars/2").value().shape.empty());  // scalar uint32
}

TEST(Hdf5File, TextAttributesOfBothKindsAreRead) {
    EXPECT_EQ(small_file().string_attribute("/layers/q_dense/vars", "name").value(), "q_dense_22");
    const Hdf5File legacy = Hdf5File::open(kLegacy).value();
    EXPECT_EQ(legacy.strings_attribute("/model_weights", "layer_names").value().size(), 4U);
    EXPECT_EQ(legacy.string_attribute("/", "model_config").value().substr(0, 1), "{");
    EXPECT_TRUE(legacy.has_attribute("/", "keras_version"));
    EXPECT_FALSE(legacy.has_attribute("/", "nothing"));
    EXPECT_FALSE(legacy.string_attribute("/", "nothing"));
}

TEST(Hdf5File, TwoFilesOfOneNameStayApart) {
    auto members = testing::read_keras(kModels + "rand_mat/models/N=16-bw=4.keras");
    const Hdf5File first = small_file();
    const Hdf5File second =
        Hdf5File::from_bytes(std::move(members["model.weights.h5"]), "small").value();
    EXPECT_EQ(first.read("/layers/q_dense/vars/0")->shape, (tensor::Shape{8, 8}));
    EXPECT_EQ(second.read("/layers/q_dense/vars/0")->shape, (tensor::Shape{16, 16}));
}

TEST(Hdf5File, WhatIsNoHdf5IsOneError) {
    const auto file = Hdf5File::from_bytes("this is no HDF5 file", "note.txt");
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().message.find("note.txt"), std::string::npos);
    EXPECT_FALSE(Hdf5File::open("/no/such/file.h5"));
}

TEST(Hdf5File, GroupReadAsDatasetIsAnError) {
    const auto numbers = small_file().read("/layers/q_dense");
    ASSERT_FALSE(numbers);
    EXPECT_NE(numbers.error().message.find("is a group"), std::string::npos);
}

TEST(Hdf5File, EveryTruncationIsAnErrorOrReads) {
    const std::string bytes =
        testing::read_keras(kModels + "rand_mat/models/N=8-bw=8.keras")["model.weights.h5"];
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 97 + 1) {
        const auto file = Hdf5File::from_bytes(bytes.substr(0, size), "cut");
        if (file) (void)file->read("/layers/q_dense/vars/0");
    }
}

}  // namespace
}  // namespace gatewright::frontends
