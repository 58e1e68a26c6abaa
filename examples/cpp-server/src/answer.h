#pragma once

#include <string>

// machine is what the program was compiled for, as a platform's name has it: linux/arm64.
std::string machine();

// answer is what the server says to a path: its machine to /, the same and more in JSON to /json. It is empty
// for what is not there.
std::string answer(const std::string &path);
