// The program `lifeboat`.
#include <unistd.h>

#include <iostream>

#include "cli/run.h"
#include "service/inside.h"

int main(int argc, char** argv) {
  if (const auto status = lifeboat::service::run_inside(argc, argv)) return *status;
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return lifeboat::cli::run(words, environment, {std::cin, std::cout, std::cerr});
}
