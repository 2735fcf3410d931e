// Model folders with weights in any of their forms, and element types converted as PyTorch converts them.
#include "retort/checkpoint/weights.h"

#include <bit>
#include <cmath>

#include "retort/checkpoint/sharded.h"
#include "retort/checkpoint/zip_checksum.h"
#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

fs::path make_empty_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

std::vector<float> as_singles(const NamedTensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  to_float32(tensor, values);
  return values;
}

bool is_same_number(float left, float right) {
  return std::isnan(left) ? std::isnan(right) : std::bit_cast<uint32_t>(left) == std::bit_cast<uint32_t>(right);
}

TEST(WeightsTest, OpensShardsOfBothKinds) {
  for (const char* folder : {"sharded/good", "sharded/good_bin"}) {
    const WeightFiles weights = open_weights(fixture_path(folder));
    EXPECT_EQ(weights.paths().size(), 2u);
    ASSERT_EQ(weights.tensors().size(), 3u);
    ASSERT_NE(weights.find("c"), nullptr);
    EXPECT_EQ(as_singles(*weights.find("c")), std::vector<float>{3});
    EXPECT_EQ(weights.find("d"), nullptr);
  }
}

TEST(WeightsTest, PrefersSafetensorsAndTakesWhatIsThere) {
  const fs::path folder = make_empty_folder("preference");
  fs::copy(fixture_path("wrapped_optimizer.pt"), folder / "pytorch_model.bin");
  WeightFiles weights = open_weights(folder);
  EXPECT_EQ(as_singles(*weights.find("w")), (std::vector<float>{1, 2}));
  EXPECT_EQ(weights.paths(), std::vector<fs::path>{folder / "pytorch_model.bin"});
  fs::copy(fixture_path("all_types.safetensors"), folder / "model.safetensors");
  weights = open_weights(folder);
  EXPECT_EQ(as_singles(*weights.find("kind.float16")), (std::vector<float>{0, 1, 2, 5}));
  EXPECT_EQ(weights.metadata().at("format"), "pt");
}

TEST(WeightsTest, OpensAFileByItsContent) {
  EXPECT_NE(open_weights(fixture_path("plain.bin")).find("bert.plain"), nullptr);
  EXPECT_NE(open_weights(fixture_path("all_types.safetensors")).find("empty"), nullptr);
  EXPECT_NE(open_weights(fixture_path("sharded/good/model.safetensors.index.json")).find("a"), nullptr);
}

TEST(WeightsTest, SaysWhatItLookedFor) {
  const fs::path folder = make_empty_folder("nothing");
  EXPECT_EQ(
      message_of([&] { open_weights(folder); }),
      fmt::format("`{}` must hold the weights of a model, but has none of model.safetensors, "
                  "model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json; give the folder of "
                  "a downloaded or saved model",
                  folder.string()));
  EXPECT_EQ(message_of([] { open_weights("/absent/folder"); }),
            "`/absent/folder` must be a model folder or a weight file, but does not exist; check the path");
}

TEST(WeightsTest, RefusesIndexesThatLie) {
  const auto refusal = [](const std::string& folder) {
    return message_of([&] { open_weights(fixture_path("sharded/" + folder)); });
  };
  EXPECT_NE(refusal("shard_missing").find("`model-00002-of-00002.safetensors` must be in the folder of `"),
            std::string::npos);
  EXPECT_NE(refusal("tensor_missing").find("tensor `d` must be in `model-00001-of-00002.safetensors`, as `"),
            std::string::npos);
  EXPECT_NE(refusal("tensor_elsewhere").find("tensor `b` must be in `model-00001-of-00002.safetensors`, as `"),
            std::string::npos);
}

TEST(WeightsTest, RefusesATensorInTwoShards) {
  const fs::path folder = make_empty_folder("twice");
  fs::copy(fixture_path("sharded/good/model-00001-of-00002.safetensors"), folder / "x.safetensors");
  fs::copy(fixture_path("sharded/good/model-00001-of-00002.safetensors"), folder / "y.safetensors");
  write_file_atomically(folder / "model.safetensors.index.json",
                        R"({"weight_map":{"a":"x.safetensors","b":"y.safetensors"}})");
  EXPECT_NE(message_of([&] { open_weights(folder); }).find("is in `x.safetensors` and in `y.safetensors`"),
            std::string::npos);
}

TEST(ShardedTest, KeepsShardsInsideTheFolder) {
  for (const char* shard : {"../evil", "/etc/passwd", "a/b", "..", ".", "", "a\\\\b", "a\\u0000b"}) {
    const std::string text = fmt::format(R"({{"weight_map":{{"w":"{}"}}}})", shard);
    EXPECT_NE(message_of([&] {
                parse_shard_index(text, "INDEX");
              }).find("tensor `w` of `INDEX` must be in a file of the same folder, but is listed in \""),
              std::string::npos)
        << shard;
  }
}

TEST(ShardedTest, RefusesBrokenIndexes) {
  const auto refusal = [](const std::string& text) { return message_of([&] { parse_shard_index(text, "INDEX"); }); };
  const std::string must = "`INDEX` must hold one \"weight_map\" from tensor names to file names, but has ";
  EXPECT_EQ(refusal("[]").find(must + "a list"), 0u);
  EXPECT_EQ(refusal("1").find(must + "a number"), 0u);
  EXPECT_EQ(refusal(R"({"weight_map":[]})").find(must + "a list"), 0u);
  EXPECT_EQ(refusal(R"({"weight_map":"x"})").find(must + "a string"), 0u);
  EXPECT_EQ(refusal(R"({"weight_map":{"w":1}})").find(must + "a number"), 0u);
  EXPECT_EQ(refusal(R"({"weight_map":{"w":{}}})").find(must + "an object"), 0u);
  EXPECT_EQ(refusal(R"({"weight_map":{"w":"a"},"weight_map":{}})").find(must + "it twice"), 0u);
  EXPECT_EQ(
      refusal(R"({"weight_map":{"w":"a","w":"b"}})").find("tensor `w` must be in `INDEX` once, but is there twice"),
      0u);
  EXPECT_EQ(refusal("{}").find("`INDEX` must hold a \"weight_map\" that lists tensors, but lists none"), 0u);
  EXPECT_EQ(refusal(R"({"m":)" + std::string(1000, '[')).find(must + "more than 16 levels"), 0u);
  EXPECT_EQ(refusal("").find("`INDEX` must hold JSON in UTF-8, but is not from byte"), 0u);
}

TEST(ConvertTest, AgreesWithTorch) {
  const SafetensorsFile file(fixture_path("conversions.safetensors"));
  for (const char* name : {"half", "bfloat", "double"}) {
    const auto converted = as_singles(tensor_named(file.tensors(), name));
    const auto expected = values_of<float>(tensor_named(file.tensors(), std::string(name) + ".single"));
    EXPECT_TRUE(std::ranges::equal(converted, expected, is_same_number)) << name;
  }
}

TEST(ConvertTest, RoundsToBfloatAsTorchDoes) {
  const SafetensorsFile file(fixture_path("conversions.safetensors"));
  const auto singles = as_singles(tensor_named(file.tensors(), "single"));
  std::vector<uint16_t> rounded(singles.size());
  to_bfloat16(singles, rounded);
  const NamedTensor tensor{
      "rounded", Dtype::kBf16, {static_cast<int64_t>(rounded.size())}, std::as_bytes(std::span(rounded))};
  const auto expected = as_singles(tensor_named(file.tensors(), "bfloat.single"));
  EXPECT_TRUE(std::ranges::equal(as_singles(tensor), expected, is_same_number));
}

// Every half there is, by the definition of the format: (-1)^s 2^(e-15) 1.m, subnormals 2^-14 0.m.
TEST(ConvertTest, ConvertsEveryHalfExactly) {
  std::vector<uint16_t> halves(1 << 16);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  const NamedTensor tensor{"halves", Dtype::kF16, {1 << 16}, std::as_bytes(std::span(halves))};
  const auto singles = as_singles(tensor);
  for (size_t i = 0; i < halves.size(); ++i) {
    const int exponent = (halves[i] >> 10) & 31, mantissa = halves[i] & 1023;
    float expected = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                   : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
    if (exponent == 31) expected = mantissa == 0 ? INFINITY : NAN;
    ASSERT_TRUE(is_same_number(singles[i], std::copysign(expected, (halves[i] >> 15) != 0 ? -1.0f : 1.0f))) << i;
  }
}

TEST(ConvertTest, ReadsAtAnyAddressAndRefusesWholeNumbers) {
  std::string bytes(1 + 4 * 100'000, '\0');
  std::vector<float> values(100'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.25f;
  std::memcpy(bytes.data() + 1, values.data(), 4 * values.size());
  EXPECT_EQ(as_singles({"odd", Dtype::kF32, {100, 1000}, as_bytes_of(bytes).subspan(1)}), values);
  EXPECT_TRUE(as_singles({"none", Dtype::kF16, {0}, {}}).empty());
  EXPECT_EQ(message_of([&] {
              as_singles({"ids", Dtype::kI8, {1}, as_bytes_of(bytes).first(1)});
            }),
            "tensor `ids` must hold F32, F16, BF16 or F64 numbers, but holds I8; quantized models are not supported");
}

TEST(NamedTensorTest, CountsWithoutOverflow) {
  EXPECT_EQ(maybe_element_count(std::vector<int64_t>{}), 1);
  EXPECT_EQ(maybe_element_count(std::vector<int64_t>{3, 0, 2}), 0);
  EXPECT_EQ(maybe_element_count(std::vector<int64_t>{-1}), std::nullopt);
  EXPECT_EQ(maybe_element_count(std::vector<int64_t>{int64_t{1} << 62, 0, 2}), std::nullopt);
  EXPECT_EQ(maybe_byte_count(std::vector<int64_t>{int64_t{1} << 61}, Dtype::kF32), std::nullopt);
  EXPECT_EQ(shown_name("a\nb"), "a\\x0ab");
  EXPECT_EQ(shown_name(std::string(119, 'a') + "éé"), std::string(119, 'a') + "...");
}

// The check value of CRC-32 in the catalogue of CRC algorithms.
TEST(ZipTest, ChecksumHasItsCheckValue) {
  const std::string digits = "123456789";
  EXPECT_EQ(compute_crc32(as_bytes_of(digits)), 0xCBF43926u);
  EXPECT_EQ(compute_crc32({}), 0u);
}

}  // namespace
}  // namespace retort::checkpoint
