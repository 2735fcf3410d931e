// Attention and the relation loss with the AMX GEMM, on any processor: plain loops emulate the tile instructions, so
// that operand layouts, padding and remainders are tested where there are no tiles.
#include <gtest/gtest.h>
#include <immintrin.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "retort/base/random.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/dropout_mask.h"

namespace retort::kernel::cpu {
namespace {

struct EmulatedTiles {
  uint8_t bytes[8][16][64];
};
EmulatedTiles emulated;

void emulate_load(int tile, const void* base, int64_t stride) {
  for (int r = 0; r < 16; ++r) std::memcpy(emulated.bytes[tile][r], static_cast<const uint8_t*>(base) + r * stride, 64);
}
void emulate_store(int tile, void* base, int64_t stride) {
  for (int r = 0; r < 16; ++r) std::memcpy(static_cast<uint8_t*>(base) + r * stride, emulated.bytes[tile][r], 64);
}
void emulate_zero(int tile) { std::memset(emulated.bytes[tile], 0, sizeof(emulated.bytes[tile])); }

// Intel SDM, TDPBF16PS: c[m][n] += a[m][2k] * b[k][2n] + a[m][2k+1] * b[k][2n+1].
void emulate_dot_product(int c, int a, int b) {
  const auto pair = [&](int tile, int row, int column, int half) {
    uint16_t bits;
    std::memcpy(&bits, &emulated.bytes[tile][row][4 * column + 2 * half], 2);
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
  };
  for (int m = 0; m < 16; ++m)
    for (int n = 0; n < 16; ++n) {
      float sum;
      std::memcpy(&sum, &emulated.bytes[c][m][4 * n], 4);
      for (int k = 0; k < 16; ++k)
        for (int half = 0; half < 2; ++half) sum += pair(a, m, k, half) * pair(b, k, n, half);
      std::memcpy(&emulated.bytes[c][m][4 * n], &sum, 4);
    }
}

#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#undef _tile_loadconfig
#undef _tile_release
#define _tile_loadd(tile, base, stride) emulate_load(tile, base, stride)
#define _tile_stored(tile, base, stride) emulate_store(tile, base, stride)
#define _tile_zero(tile) emulate_zero(tile)
#define _tile_dpbf16ps(c, a, b) emulate_dot_product(c, a, b)
#define _tile_loadconfig(config) (void)(config)
#define _tile_release() (void)0
#pragma GCC diagnostic ignored "-Wunused-function"  // the test uses few of the kernels
#define RETORT_HAS_AMX
#define RETORT_VECTOR_BYTES 16
#include "retort/kernel/cpu/bf16.inl"
//
#include "retort/kernel/cpu/elementary_functions.inl"
//
#include "retort/kernel/cpu/attention_gemm.inl"
//
#include "retort/kernel/cpu/attention_gemm_amx.inl"
//
#include "retort/kernel/cpu/attention_packing.inl"
//
#include "retort/kernel/cpu/attention.inl"
//
#include "retort/kernel/cpu/relation_loss.inl"

template <typename T>
std::vector<T> random_values(size_t count, uint64_t key) {
  std::vector<T> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = from_float<T>(to_float(from_float<Bf16>(static_cast<float>(random_normal(key, i)))));
  return values;
}

// Runs attention forward and backward over one head in the given element type.
template <typename T>
struct HeadRun {
  std::vector<T> qkv, out, grad_out, grad_qkv;
  std::vector<float> log_sum;
  std::vector<int64_t> keys;

  HeadRun(int64_t length, int64_t width, void (*forward)(const AttentionHead<T>&, void*),
          void (*backward)(const AttentionHead<T>&, void*))
      : qkv(random_values<T>(static_cast<size_t>(3 * length * width), 1)),
        out(static_cast<size_t>(length * width)),
        grad_out(random_values<T>(static_cast<size_t>(length * width), 2)),
        grad_qkv(qkv.size()),
        log_sum(static_cast<size_t>(length)) {
    for (int64_t t = 0; t < length; ++t) keys.push_back(static_cast<int64_t>(random_bits(3, static_cast<uint64_t>(t))));
    std::vector<char> memory(static_cast<size_t>(attention_scratch_bytes(length, width)) + 64);
    void* scratch = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
    const Dropout dropout{0.1, 17};
    AttentionHead<T> h;
    h.length = length, h.width = width, h.stride = 3 * width, h.out_stride = width;
    h.q = qkv.data(), h.k = qkv.data() + width, h.v = qkv.data() + 2 * width, h.out = out.data();
    h.log_sum = log_sum.data(), h.scale = 1 / std::sqrt(static_cast<float>(width));
    h.row_keys = keys.data(), h.site = dropout.site, h.drop_threshold = dropout.threshold(),
    h.keep_scale = dropout.keep_scale();
    forward(h, scratch);
    h.grad_out = grad_out.data();
    h.grad_q = grad_qkv.data(), h.grad_k = grad_qkv.data() + width, h.grad_v = grad_qkv.data() + 2 * width;
    backward(h, scratch);
  }
};

template <typename A, typename B>
double largest_difference(const std::vector<A>& a, const std::vector<B>& b) {
  double largest = 0, magnitude = 1e-6;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(to_float(a[i]) - to_float(b[i]))));
    magnitude = std::max(magnitude, static_cast<double>(std::abs(to_float(b[i]))));
  }
  return largest / magnitude;
}

TEST(AttentionGemmAmx, AttentionEqualsFloat32) {
  for (const auto& [length, width] : {std::pair<int64_t, int64_t>{1, 64},
                                      {16, 32},
                                      {17, 26},
                                      {63, 24},
                                      {64, 64},
                                      {65, 64},
                                      {97, 7},
                                      {130, 128},
                                      {200, 64}}) {
    const HeadRun<Bf16> tiles(length, width, attention_forward<Bf16>, attention_backward<Bf16>);
    const HeadRun<float> plain(length, width, kernels<float>().attention_forward, kernels<float>().attention_backward);
    EXPECT_LT(largest_difference(tiles.out, plain.out), 2e-2) << length << " x " << width;
    EXPECT_LT(largest_difference(tiles.grad_qkv, plain.grad_qkv), 3e-2) << length << " x " << width;
    EXPECT_LT(largest_difference(tiles.log_sum, plain.log_sum), 1e-2) << length << " x " << width;
  }
}

// Runs the relation loss of one head in scratch of exactly relation_scratch_bytes, which is full of NaN before and has
// a mark after its end that must stay.
template <typename T>
struct RelationRun {
  std::vector<T> student, teacher, gradient;
  double sum = 0;
  bool is_mark_left = true;

  RelationRun(int64_t length, int64_t width, int64_t teacher_width, Distance distance, bool is_self,
              double (*run)(const RelationHead<T>&, void*))
      : student(random_values<T>(static_cast<size_t>(2 * length * width), 1)),
        teacher(random_values<T>(static_cast<size_t>(2 * length * teacher_width), 2)),
        gradient(student.size()) {
    const auto bytes = static_cast<size_t>(relation_scratch_bytes(length, width, teacher_width));
    constexpr size_t kMark = 256;
    std::vector<char> memory(bytes + 64 + kMark, '\xff');
    char* scratch = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
    const auto side = [&](const std::vector<T>& rows, int64_t columns) -> RelationSide<T> {
      return {columns, 2 * columns, 1 / std::sqrt(static_cast<float>(columns)), rows.data(),
              rows.data() + (is_self ? 0 : columns)};
    };
    RelationHead<T> head;
    head.length = length, head.distance = distance;
    head.student = side(student, width), head.teacher = side(teacher, teacher_width);
    head.grad_x = gradient.data(), head.grad_y = is_self ? nullptr : gradient.data() + width;
    sum = run(head, scratch);
    for (size_t i = 0; i < kMark - 64; ++i) is_mark_left = is_mark_left && scratch[bytes + i] == '\xff';
  }
};

TEST(AttentionGemmAmx, RelationsEqualFloat32) {
  for (const auto& [length, width, teacher_width] : {std::tuple<int64_t, int64_t, int64_t>{2, 64, 26},
                                                     {16, 32, 32},
                                                     {17, 26, 64},
                                                     {64, 24, 7},
                                                     {65, 64, 64},
                                                     {97, 7, 128},
                                                     {200, 26, 64}})
    for (const auto distance : {Distance::kDivergence, Distance::kSquared, Distance::kCosine})
      for (const bool is_self : {false, true}) {
        const RelationRun<Bf16> tiles(length, width, teacher_width, distance, is_self, relation_loss<Bf16>);
        const RelationRun<float> plain(length, width, teacher_width, distance, is_self, kernels<float>().relation_loss);
        SCOPED_TRACE(std::to_string(length) + " x " + std::to_string(width));
        EXPECT_NEAR(tiles.sum, plain.sum, 1e-3 * std::abs(plain.sum));
        EXPECT_LT(largest_difference(tiles.gradient, plain.gradient), 2e-2);
        EXPECT_TRUE(tiles.is_mark_left && plain.is_mark_left);
      }
}

}  // namespace
}  // namespace retort::kernel::cpu
