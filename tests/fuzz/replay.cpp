// Runs a fuzz target over the files of some folders, each whole and cut off at every eighth of its
// length. No fuzzer needed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A copy of exactly that size, so that a sanitizer sees the first byte read beyond it.
void run_on(const std::string& text, std::size_t size) {
  const std::vector<std::uint8_t> bytes(text.begin(),
                                        text.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::filesystem::path> inputs;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i]))
      inputs.push_back(entry.path());
  }
  std::sort(inputs.begin(), inputs.end());
  for (const auto& input : inputs) {
    std::cout << input.filename().string() << std::endl;
    const std::string text = contents_of(input);
    for (std::size_t eighth = 0; eighth <= 8; ++eighth) run_on(text, text.size() * eighth / 8);
  }
  std::cout << inputs.size() << " inputs" << std::endl;
  return inputs.empty() ? 1 : 0;
}
