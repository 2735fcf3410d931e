// Operands of the GEMMs in attention and in the relation loss: the scratch memory they lie in, and packing into the
// layouts of attention_gemm.inl. isa_kernels.cpp includes this file inside an anonymous namespace.

constexpr int64_t round_up(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

// The element of an operand that is packed from a tensor of T.
template <typename T>
struct OperandOf {
  using Type = Operand16;
};
template <>
struct OperandOf<float> {
  using Type = float;
};

// An arena: hands out pieces of the scratch memory, each aligned to 64 bytes.
struct ScratchArena {
  uint8_t* next;
  template <typename E>
  E* take(int64_t count) {
    E* piece = reinterpret_cast<E*>(next);
    next += round_up(count * static_cast<int64_t>(sizeof(E)), 64);
    return piece;
  }
};

template <typename E>
void clear(E* values, int64_t count) {
  __builtin_memset(static_cast<void*>(values), 0, static_cast<unsigned long>(count) * sizeof(E));
}

template <typename E, typename T>
[[gnu::always_inline]] inline E convert(T x) {
  if constexpr (sizeof(E) == sizeof(T))
    return x;
  else
    return from_float<E>(to_float(x));
}

// Two bfloat16 values as the 32 bits of a pair, the first in the low half.
[[gnu::always_inline]] inline uint32_t make_pair(Bf16 low, Bf16 high) {
  return static_cast<uint32_t>(low.bits) | static_cast<uint32_t>(high.bits) << 16;
}

// Packs rows of T as operand A: [padded_rows, padded_width] elements.
template <typename E, typename T>
void pack_a(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_rows,
            int64_t padded_width) {
  for (int64_t r = 0; r < count; ++r) {
    const T* row = rows + r * stride;
    E* packed = out + r * padded_width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) packed[i] = convert<E>(row[i]);
    for (int64_t i = width; i < padded_width; ++i) packed[i] = E{};
  }
  clear(out + count * padded_width, (padded_rows - count) * padded_width);
}

// Packs `rows` as operand B: K counts the rows (padded_rows of them), N the columns (padded_width).
template <typename E, typename T>
void pack_b(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_rows,
            int64_t padded_width) {
  if constexpr (sizeof(E) == 4) {
    pack_a(rows, stride, count, width, out, padded_rows, padded_width);
  } else {
    uint32_t* pairs = reinterpret_cast<uint32_t*>(out);
    clear(out, padded_rows * padded_width);
    for (int64_t r = 0; r + 1 < count; r += 2) {
      const T *row = rows + r * stride, *below = row + stride;
      uint32_t* packed = pairs + (r / 2) * padded_width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) packed[i] = make_pair(row[i], below[i]);
    }
    if (count % 2 != 0)
      for (int64_t i = 0; i < width; ++i)
        pairs[(count / 2) * padded_width + i] = make_pair(rows[(count - 1) * stride + i], Bf16{});
  }
}

// Packs the transpose of `rows` as operand B: K counts the columns (padded_width), N the rows (padded_count of them).
template <typename E, typename T>
void pack_b_transposed(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_count,
                       int64_t padded_width) {
  clear(out, padded_count * padded_width);
  for (int64_t r = 0; r < count; ++r) {
    const T* row = rows + r * stride;
    if constexpr (sizeof(E) == 4) {
      for (int64_t i = 0; i < width; ++i) out[i * padded_count + r] = to_float(row[i]);
    } else {
      uint32_t* pairs = reinterpret_cast<uint32_t*>(out);
      for (int64_t i = 0; i + 1 < width; i += 2) pairs[(i / 2) * padded_count + r] = make_pair(row[i], row[i + 1]);
      if (width % 2 != 0) pairs[(width / 2) * padded_count + r] = make_pair(row[width - 1], Bf16{});
    }
  }
}
