// For the fuzz build: one thread, so that an input does the same every time, and no OpenMP library to install.
#pragma once

inline void omp_set_num_threads(int) {}
inline int omp_in_parallel() { return 1; }
