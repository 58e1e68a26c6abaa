#include "answer.h"

#include <nlohmann/json.hpp>

std::string machine()
{
#if defined __x86_64__
	return "linux/amd64";
#elif defined __aarch64__
	return "linux/arm64";
#elif defined __arm__
	return "linux/arm";
#elif defined __riscv
	return "linux/riscv64";
#else
	return "linux/other";
#endif
}

std::string answer(const std::string &path)
{
	if (path == "/")
		return machine() + "\n";
	if (path == "/json") {
		nlohmann::json said = {{"machine", machine()}, {"bits", 8 * sizeof(void *)}, {"compiler", __VERSION__}};
		return said.dump(2) + "\n";
	}
	return "";
}
