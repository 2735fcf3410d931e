#include "retort/kernel/packed_matmul.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/cpu/thread_scratch.h"

namespace retort::kernel {

namespace {

constexpr int64_t kBlockBytes = 400 << 10;       // panels of B of one task: they share the L2 cache with rows of A
constexpr int64_t kMinTaskOperations = 4 << 20;  // about 10 us: a smaller task is not worth a second thread
constexpr int64_t kTasksPerThread = 8;
constexpr int64_t kPackGrainElements = 1 << 15;

template <typename T>
cpu::PackedFormat packed_format() {
  return cpu::kernels<T>().packed_format;
}
template <typename T>
bool packs_float32() {
  return packed_format<T>() == cpu::PackedFormat::kFloat32;
}
// Whether the kernels read two neighbors in K at once, so that a row of A must hold an even number of elements.
template <typename T>
bool reads_pairs() {
  return sizeof(T) == 2 && packed_format<T>() == cpu::PackedFormat::kWords;
}

int64_t ceiling(int64_t count, int64_t divisor) { return (count + divisor - 1) / divisor; }

template <typename T>
int64_t panel_count(const cpu::Matmul<T>& matmul) {
  return ceiling(matmul.n, cpu::kPanelColumns);
}

// K in words of 32 bits: float32 numbers, or pairs of bfloat16 numbers.
template <typename T>
int64_t k_words(int64_t k) {
  return packs_float32<T>() ? k : ceiling(k * static_cast<int64_t>(sizeof(T)), 4);
}
template <typename T>
int64_t panel_elements(int64_t k) {
  return k_words<T>(k) * cpu::kPanelColumns * 4 / static_cast<int64_t>(sizeof(T));
}

template <typename T>
bool packs_a(const cpu::Matmul<T>& matmul) {
  return packs_float32<T>() || matmul.a_transposed;
}
// KC in words: all of K where no buffer holds partial sums of C.
template <typename T>
int64_t block_kc(const cpu::Matmul<T>& matmul) {
  const int64_t words = k_words<T>(matmul.k);
  if (packs_float32<T>()) return std::min(words, cpu::kPortableKc);
  return matmul.a_transposed && matmul.sum != nullptr ? std::min(words, cpu::kAvx512Kc) : words;
}
template <typename T>
int64_t scratch_bytes(const cpu::Matmul<T>& matmul) {
  if (!packs_a(matmul)) return 0;
  return 4 * cpu::kMc * (block_kc(matmul) + (packs_float32<T>() ? cpu::kPortableNc : 0));
}

template <typename T>
void pack_b(const cpu::Matmul<T>& matmul, T* panels) {
  const int64_t grain = std::max<int64_t>(1, kPackGrainElements / panel_elements<T>(matmul.k));
  parallel_for(panel_count(matmul), grain,
               [&](int64_t begin, int64_t end) { cpu::kernels<T>().pack_b_panels(matmul, panels, begin, end); });
}

// C as a grid of blocks, one for each task: the `row_chunks` blocks of one column block read the same panels of B.
struct TaskGrid {
  int64_t row_chunks = 1, column_blocks = 1;
};

template <typename T>
TaskGrid make_task_grid(const cpu::Matmul<T>& matmul, int64_t row_units) {
  const int64_t panels = panel_count(matmul), wanted = kTasksPerThread * thread_count();
  const int64_t panel_bytes = block_kc(matmul) * cpu::kPanelColumns * 4;
  const int64_t most = packs_float32<T>() ? cpu::kPortableNc / cpu::kPanelColumns : kBlockBytes / panel_bytes;
  TaskGrid grid;
  grid.column_blocks = ceiling(panels, std::clamp<int64_t>(most, 1, panels));
  grid.row_chunks = std::clamp<int64_t>(ceiling(wanted, grid.column_blocks), 1, row_units);
  if (grid.row_chunks * grid.column_blocks < wanted)
    grid.column_blocks = std::min(panels, ceiling(wanted, grid.row_chunks));
  return grid;
}

template <typename T>
void run_macro_kernels(const cpu::Matmul<T>& matmul, const T* panels) {
  const int64_t unit = packs_a(matmul) ? cpu::kMc : cpu::kAvx512Mr, row_units = ceiling(matmul.m, unit);
  const TaskGrid grid = make_task_grid(matmul, row_units);
  const int64_t count = grid.row_chunks * grid.column_blocks, all_panels = panel_count(matmul);
  const double operations = 2.0 * static_cast<double>(matmul.m) * matmul.n * matmul.k;
  const auto grain = static_cast<int64_t>(static_cast<double>(count) * kMinTaskOperations / operations);
  parallel_for(count, std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
    void* scratch = cpu::thread_scratch(static_cast<size_t>(scratch_bytes(matmul)));
    for (int64_t task = begin; task < end; ++task) {
      const int64_t chunk = task % grid.row_chunks, block = task / grid.row_chunks;
      const cpu::MatmulBlock part{row_units * chunk / grid.row_chunks * unit,
                                  std::min(matmul.m, row_units * (chunk + 1) / grid.row_chunks * unit),
                                  all_panels * block / grid.column_blocks,
                                  all_panels * (block + 1) / grid.column_blocks, block_kc(matmul)};
      cpu::kernels<T>().macro_kernel(matmul, panels, part, scratch);
    }
  });
}

// Whether the elements of a row, or those of a column, are neighbors in memory.
bool is_row_major(const at::Tensor& matrix) { return matrix.stride(1) == 1 || matrix.size(1) == 1; }
bool is_column_major(const at::Tensor& matrix) { return matrix.stride(0) == 1; }

template <typename T>
void set_a(cpu::Matmul<T>& matmul, const at::Tensor& a) {
  matmul.m = a.size(0), matmul.k = a.size(1);
  matmul.a = cpu::data_ptr<T>(a);
  matmul.a_transposed = !is_row_major(a) || (reads_pairs<T>() && a.size(1) % 2 != 0);
  matmul.a_stride = a.stride(matmul.a_transposed ? 1 : 0);
}

template <typename T>
void set_b(cpu::Matmul<T>& matmul, const at::Tensor& b) {
  matmul.n = b.size(1);
  matmul.b = cpu::data_ptr<T>(b);
  matmul.b_transposed = !is_row_major(b);
  matmul.b_stride = b.stride(matmul.b_transposed ? 1 : 0);
}

at::Tensor row_or_column_major(const at::Tensor& matrix) {
  return is_row_major(matrix) || is_column_major(matrix) ? matrix : matrix.contiguous();
}

at::Tensor empty_panels(int64_t n, int64_t k, const at::Tensor& like) {
  int64_t elements = 0;
  cpu::dispatch_element_type(like, [&](auto element) { elements = panel_elements<decltype(element)>(k); });
  const int64_t padded_n = ceiling(n, cpu::kPanelColumns) * cpu::kPanelColumns;
  return at::empty({padded_n, elements / cpu::kPanelColumns}, like.options()).narrow(0, 0, n);
}

template <typename T>
void pack_and_run(cpu::Matmul<T>& matmul, const at::Tensor& a, const at::Tensor& b) {
  RETORT_CHECK(a.size(1) == b.size(0) && a.scalar_type() == b.scalar_type(),
               "the operands of a matmul must have one K and one type");
  const at::Tensor stored_a = row_or_column_major(a), stored_b = row_or_column_major(b);
  set_a(matmul, stored_a);
  set_b(matmul, stored_b);
  const at::Tensor panels = empty_panels(matmul.n, matmul.k, b);
  pack_b(matmul, cpu::data_ptr<T>(panels));
  run_macro_kernels(matmul, cpu::data_ptr<const T>(panels));
}

}  // namespace

bool has_packed_matmul(at::ScalarType type) {
  if (type == at::kBFloat16) return packed_format<cpu::Bf16>() != cpu::PackedFormat::kNone;
  return type == at::kFloat && packed_format<float>() != cpu::PackedFormat::kNone;
}

bool packed_matmul_takes(const at::Tensor& a) {
  if (!has_packed_matmul(a.scalar_type()) || a.size(0) == 0 || a.size(1) == 0) return false;
  return a.scalar_type() == at::kFloat || !reads_pairs<cpu::Bf16>() || a.size(1) % 2 == 0 || is_column_major(a);
}

at::Tensor packed_matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  RETORT_CHECK(!bias.defined() || (bias.numel() == b.size(1) && bias.scalar_type() == a.scalar_type()),
               "a bias must hold one number of the same type for each column");
  const at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  if (out.numel() == 0) return out;
  cpu::dispatch_element_type(a, [&](auto element) {
    using T = decltype(element);
    cpu::Matmul<T> matmul;
    matmul.bias = cpu::data_ptr<const T>(bias), matmul.out = cpu::data_ptr<T>(out);
    pack_and_run(matmul, a, b);
  });
  return out;
}

void add_packed_matmul(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b) {
  RETORT_CHECK(total.is_contiguous() && total.scalar_type() == at::kFloat && total.size(0) == a.size(0) &&
                   total.size(1) == b.size(1),
               "the total of a matmul must be a contiguous float32 [M, N]");
  if (total.numel() == 0) return;
  cpu::dispatch_element_type(a, [&](auto element) {
    cpu::Matmul<decltype(element)> matmul;
    matmul.sum = cpu::data_ptr<float>(total);
    pack_and_run(matmul, a, b);
  });
}

at::Tensor pack_weight_panels(const at::Tensor& weight) {
  const at::Tensor panels = empty_panels(weight.size(0), weight.size(1), weight);
  cpu::dispatch_element_type(weight, [&](auto element) {
    using T = decltype(element);
    cpu::Matmul<T> matmul;
    matmul.k = weight.size(1);
    set_b(matmul, weight.t());
    pack_b(matmul, cpu::data_ptr<T>(panels));
  });
  return panels;
}

at::Tensor matmul_with_panels(const at::Tensor& x, const at::Tensor& panels, const at::Tensor& bias) {
  const at::Tensor out = at::empty({x.size(0), panels.size(0)}, x.options());
  if (out.numel() == 0) return out;
  cpu::dispatch_element_type(x, [&](auto element) {
    using T = decltype(element);
    cpu::Matmul<T> matmul;
    RETORT_CHECK(packed_matmul_takes(x) && panels.size(1) * cpu::kPanelColumns == panel_elements<T>(x.size(1)),
                 "packed weights must have the K of x");
    const at::Tensor stored_x = row_or_column_major(x);
    set_a(matmul, stored_x);
    matmul.n = panels.size(0);
    matmul.bias = cpu::data_ptr<const T>(bias), matmul.out = cpu::data_ptr<T>(out);
    run_macro_kernels(matmul, cpu::data_ptr<const T>(panels));
  });
  return out;
}

}  // namespace retort::kernel
