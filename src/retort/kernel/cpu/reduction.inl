// Sums over the rows of a matrix and over an array. isa_kernels.cpp includes this file inside an anonymous namespace.

template <typename T>
void column_sum(const T* rows, int64_t width, float* partial, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const T* row = rows + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) partial[i] += to_float(row[i]);
  }
}

double sum_of_squares(const float* values, int64_t count) {
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += 4096) {
    const int64_t end = begin + 4096 < count ? begin + 4096 : count;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += values[i] * values[i];
    total += sum;
  }
  return total;
}
