// The GEMM of attention_gemm.inl for bfloat16 operands in AMX tiles; isa_kernels.cpp includes this file inside an
// anonymous namespace. A tile has 16 rows of 64 bytes: tiles 0 to 3 accumulate C, 4 and 5 hold rows of A, 6 and 7
// columns of B.

#if defined(RETORT_HAS_AMX)
// The tile intrinsics do not tell the compiler which memory they read.
[[gnu::always_inline]] inline void compiler_barrier() { __asm__ volatile("" ::: "memory"); }

// Configures the tiles and releases them at its end; without AMX it is empty.
struct AmxTileScope {
  AmxTileScope() {
    alignas(64) uint8_t config[64] = {};
    config[0] = 1;
    for (int tile = 0; tile < 8; ++tile) {
      config[16 + 2 * tile] = 64;
      config[48 + tile] = 16;
    }
    compiler_barrier();
    _tile_loadconfig(config);
  }
  ~AmxTileScope() { _tile_release(); }
};

void gemm(int64_t m, int64_t n, int64_t k, const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb, float* c,
          int64_t ldc, Accumulation accumulation) {
  compiler_barrier();
  for (int64_t i = 0; i < m; i += 32) {
    const bool two_rows = i + 16 < m;
    for (int64_t j = 0; j < n; j += 32) {
      const bool two_columns = j + 16 < n;
      float *c0 = c + i * ldc + j, *c2 = c0 + 16 * ldc;
      if (accumulation == Accumulation::kAdd) {
        _tile_loadd(0, c0, ldc * 4);
        if (two_columns) _tile_loadd(1, c0 + 16, ldc * 4);
        if (two_rows) _tile_loadd(2, c2, ldc * 4);
        if (two_rows && two_columns) _tile_loadd(3, c2 + 16, ldc * 4);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      for (int64_t p = 0; p < k; p += 32) {
        const Bf16 *a0 = a + i * lda + p, *b0 = b + p * ldb + j * 2;
        _tile_loadd(4, a0, lda * 2);
        _tile_loadd(6, b0, ldb * 4);
        _tile_dpbf16ps(0, 4, 6);
        if (two_columns) {
          _tile_loadd(7, b0 + 32, ldb * 4);
          _tile_dpbf16ps(1, 4, 7);
        }
        if (two_rows) {
          _tile_loadd(5, a0 + 16 * lda, lda * 2);
          _tile_dpbf16ps(2, 5, 6);
          if (two_columns) _tile_dpbf16ps(3, 5, 7);
        }
      }
      _tile_stored(0, c0, ldc * 4);
      if (two_columns) _tile_stored(1, c0 + 16, ldc * 4);
      if (two_rows) _tile_stored(2, c2, ldc * 4);
      if (two_rows && two_columns) _tile_stored(3, c2 + 16, ldc * 4);
    }
  }
  compiler_barrier();
}
#else
struct AmxTileScope {};
#endif
