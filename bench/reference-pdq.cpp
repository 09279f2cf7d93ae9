// The PDQ core as its paper and shared facts describe it: every pixel blurred twice in both directions, in float32.
// Written for a comparison of speed; not part of Vigie.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <algorithm>
#include <chrono>
#include <vector>

static void boxLine(const float* in, float* out, int n, int stride, int window) {
  const int half = (window + 2) / 2;
  int right = 0, left = 0, at = 0, count = 0;
  float sum = 0;
  for (int i = 0; i < half - 1; i++) { sum += in[right]; right += stride; count++; }
  for (int i = 0; i < window - half + 1; i++) {
    sum += in[right]; right += stride; count++;
    out[at] = sum / count; at += stride;
  }
  for (int i = 0; i < n - window; i++) {
    sum += in[right]; right += stride;
    sum -= in[left]; left += stride;
    out[at] = sum / count; at += stride;
  }
  for (int i = 0; i < half - 1; i++) {
    sum -= in[left]; left += stride; count--;
    out[at] = sum / count; at += stride;
  }
}

static void hash(const unsigned char* rgb, int width, int height, std::vector<float>& a, std::vector<float>& b,
                 const float (*d)[64], unsigned char* out) {
  const size_t n = size_t(width) * height;
  for (size_t i = 0; i < n; i++) a[i] = 0.299f * rgb[i * 3] + 0.587f * rgb[i * 3 + 1] + 0.114f * rgb[i * 3 + 2];
  const int wx = (width + 127) / 128, wy = (height + 127) / 128;
  for (int pass = 0; pass < 2; pass++) {
    for (int y = 0; y < height; y++) boxLine(&a[size_t(y) * width], &b[size_t(y) * width], width, 1, wx);
    for (int x = 0; x < width; x++) boxLine(&b[x], &a[x], height, width, wy);
  }
  float block[64][64], t[16][64], c[256];
  for (int i = 0; i < 64; i++)
    for (int j = 0; j < 64; j++)
      block[i][j] = a[size_t((i + 0.5) * height / 64) * width + size_t((j + 0.5) * width / 64)];
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 64; j++) {
      float sum = 0;
      for (int k = 0; k < 64; k++) sum += d[i][k] * block[k][j];
      t[i][j] = sum;
    }
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 16; j++) {
      float sum = 0;
      for (int k = 0; k < 64; k++) sum += t[i][k] * d[j][k];
      c[i * 16 + j] = sum;
    }
  float sorted[256];
  std::copy(c, c + 256, sorted);
  std::nth_element(sorted, sorted + 127, sorted + 256);
  for (int i = 0; i < 32; i++) out[i] = 0;
  for (int k = 0; k < 256; k++)
    if (c[k] > sorted[127]) out[31 - k / 8] |= 1 << (k % 8);
}

// Answers each order on its standard input, "<rounds>\n", with the mean milliseconds of one hash and the hash. With "-"
// in place of a file of pixels, it hashes the pictures on its standard input, one after the other.
int main(int argc, char** argv) {
  if (argc != 4) return 1;
  const int width = atoi(argv[1]), height = atoi(argv[2]);
  const size_t n = size_t(width) * height;
  std::vector<unsigned char> rgb(n * 3);
  float d[16][64];
  const float scale = std::sqrt(2.0 / 64);
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 64; j++) d[i][j] = scale * std::cos(M_PI / 128 * (i + 1) * (2 * j + 1));
  std::vector<float> a(n), b(n);
  unsigned char out[32];
  const auto say = [&] {
    for (unsigned char byte : out) printf("%02x", byte);
    printf("\n");
  };
  if (argv[3][0] == '-' && argv[3][1] == 0) {
    while (fread(rgb.data(), 1, rgb.size(), stdin) == rgb.size()) {
      hash(rgb.data(), width, height, a, b, d, out);
      say();
    }
    return 0;
  }
  FILE* file = fopen(argv[3], "rb");
  if (!file || fread(rgb.data(), 1, rgb.size(), file) != rgb.size()) return 1;
  fclose(file);
  int rounds;
  while (scanf("%d", &rounds) == 1) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; i++) hash(rgb.data(), width, height, a, b, d, out);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    printf("%.6f ", took.count() / rounds);
    say();
    fflush(stdout);
  }
  return 0;
}
