// SPDX-License-Identifier: BSD-3-Clause
// Settings of the emulated device, errors that tests ask for, errors remembered, and things counted (control.h).
#include "emulation/device.h"

#include <cctype>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>

namespace klf_emulation
{

namespace
{

struct failure {
    long        at; // which call fails
    cudaError_t error;
};

struct global_state {
    std::recursive_mutex                   lock;
    settings                               set;
    std::map<std::string, std::string>     overrides;
    std::multimap<std::string, failure>    failures;
    std::map<std::string, long>            calls;
    std::map<std::thread::id, cudaError_t> last_error;
    cudaError_t                            sticky = cudaSuccess;
    uint64_t                               launches = 0;
    int                                    alive[static_cast<int>(kind::n_kinds)] = {};
    bool                                   strict = false;

    global_state()
    {
        read();
    }
    ~global_state();
    std::string text(const char *name, const char *fallback) const;
    void        read();
};

// Built on first use and destroyed when the module is unloaded or the program ends.
global_state &state()
{
    static global_state s;
    return s;
}

const char *const names[] = {"devices",         "driver", "capability",      "memory", "l2",
                             "multiprocessors", "seed",   "refuse_epilogue", "fail",   "strict"};

std::string global_state::text(const char *name, const char *fallback) const
{
    const auto at = overrides.find(name);
    if (at != overrides.end())
        return at->second;
    std::string variable = "KLF_EMULATION_";
    for (const char *c = name; *c; c++)
        variable += static_cast<char>(std::toupper(*c));
    const char *value = std::getenv(variable.c_str());
    return value ? value : fallback;
}

void global_state::read()
{
    const auto integer = [this](const char *name, const char *fallback) { return std::atoi(text(name, fallback).c_str()); };
    set.devices = integer("devices", "1");
    set.driver_version = integer("driver", std::to_string(CUDART_VERSION).c_str());
    set.multiprocessors = integer("multiprocessors", "108");
    set.l2_bytes = integer("l2", "41943040");
    set.memory_bytes = std::strtoull(text("memory", "4294967296").c_str(), nullptr, 10);
    set.seed = std::strtoull(text("seed", "0").c_str(), nullptr, 10);
    set.refuse_epilogue = integer("refuse_epilogue", "0") != 0;
    strict = integer("strict", "0") != 0;
    std::sscanf(text("capability", "8.0").c_str(), "%d.%d", &set.major, &set.minor);
    failures.clear();
    calls.clear();
    launches = 0;
    std::string list = text("fail", "");
    for (size_t begin = 0; begin < list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        char         name[64];
        long         at;
        int          error;
        if (std::sscanf(list.substr(begin, end - begin).c_str(), "%63[^:]:%ld=%d", name, &at, &error) == 3)
            failures.insert({name, {at, static_cast<cudaError_t>(error)}});
        else
            std::fprintf(stderr, "emulated device: KLF_EMULATION_FAIL is not NAME:CALL=ERROR: %s\n", list.c_str());
        begin = end + 1;
    }
}

const char *const kind_names[] = {
    "device allocations", "pinned host allocations", "streams",         "events", "captures under way", "graphs",
    "executable graphs",  "cuBLAS handles",          "cublasLt objects"};

int describe_alive(const char **what)
{
    static std::string text;
    global_state      &s = state();
    int                total = 0;
    text.clear();
    for (int k = 0; k < static_cast<int>(kind::n_kinds); k++)
        if (s.alive[k] != 0) {
            total += s.alive[k];
            text += (text.empty() ? "" : ", ") + std::to_string(s.alive[k]) + " " + kind_names[k];
        }
    if (what)
        *what = text.c_str();
    return total;
}

global_state::~global_state()
{
    std::string list;
    int         total = 0;
    for (int k = 0; k < static_cast<int>(kind::n_kinds); k++)
        if (alive[k] != 0) {
            total += alive[k];
            list += (list.empty() ? "" : ", ") + std::to_string(alive[k]) + " " + kind_names[k];
        }
    if (strict && total != 0) {
        std::fprintf(stderr, "emulated device: not given back at the end: %s\n", list.c_str());
        _exit(70);
    }
}

cudaError_t due(const char *name)
{
    global_state &s = state();
    const long    n = ++s.calls[name];
    const auto    range = s.failures.equal_range(name);
    for (auto f = range.first; f != range.second; ++f)
        if (f->second.at == n)
            return f->second.error;
    return cudaSuccess;
}

int control_set(const char *name, const char *value)
{
    global_state                         &s = state();
    std::lock_guard<std::recursive_mutex> lock(s.lock);
    bool                                  known = false;
    for (const char *n : names)
        known = known || std::strcmp(n, name) == 0;
    if (!known)
        return 0;
    if (value)
        s.overrides[name] = value;
    else
        s.overrides.erase(name);
    s.read();
    s.sticky = cudaSuccess;
    s.last_error.clear();
    return 1;
}

int control_alive(const char **what)
{
    std::lock_guard<std::recursive_mutex> lock(state().lock);
    return describe_alive(what);
}

long control_calls(const char *name)
{
    std::lock_guard<std::recursive_mutex> lock(state().lock);
    return state().calls[name];
}

uint64_t control_peak_bytes()
{
    std::lock_guard<std::recursive_mutex> lock(state().lock);
    return take_peak_bytes();
}

} // namespace

const settings &device_settings()
{
    return state().set;
}

// splitmix64
static uint64_t mixed(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

random_order random_order::of_next_launch()
{
    random_order  r;
    global_state &s = state();
    s.launches++;
    if (s.set.seed != 0)
        r.word = mixed(s.set.seed * UINT64_C(0x100000001b3) + s.launches) | 1u;
    return r;
}

uint64_t random_order::below(uint64_t n)
{
    if (word == 0)
        return 0;
    word += 2; // stays odd, so never 0
    return mixed(word) % n;
}

shuffled_range::shuffled_range(uint64_t size, random_order &draws) : n(size)
{
    if (!draws.shuffles() || n < 2)
        return;
    const auto common = [](uint64_t a, uint64_t b) {
        while (b != 0) {
            const uint64_t rest = a % b;
            a = b;
            b = rest;
        }
        return a;
    };
    offset = draws.below(n);
    do // below 2^31, so that the product with an index below 2^33 does not overflow
        factor = 1 + draws.below(std::min<uint64_t>(n - 1, 0x7fffffff));
    while (common(factor, n) != 1);
}

uint64_t shuffled_range::operator[](uint64_t i) const
{
    return (i * factor + offset) % n;
}

call::call(const char *name) : lock(state().lock)
{
    refusal = due(name);
    if (refusal == cudaSuccess)
        refusal = state().sticky;
}

cudaError_t told(cudaError_t error)
{
    if (error != cudaSuccess)
        state().last_error[std::this_thread::get_id()] = error;
    return error;
}

void fail_device(cudaError_t error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::fputs("emulated device: ", stderr);
    std::vfprintf(stderr, format, arguments);
    std::fputs("\n", stderr);
    va_end(arguments);
    if (state().sticky == cudaSuccess)
        state().sticky = error;
}

cudaError_t device_error()
{
    return state().sticky;
}

bool device_failed()
{
    return state().sticky != cudaSuccess;
}

bool fails_by_injection(const char *name)
{
    const cudaError_t error = due(name);
    if (error != cudaSuccess && state().sticky == cudaSuccess)
        state().sticky = error;
    return error != cudaSuccess;
}

void count(kind what, int change)
{
    state().alive[static_cast<int>(what)] += change;
}

cudaError_t last_error(bool forget)
{
    global_state &s = state();
    const auto    at = s.last_error.find(std::this_thread::get_id());
    cudaError_t   error = at == s.last_error.end() ? s.sticky : at->second;
    if (forget && at != s.last_error.end())
        s.last_error.erase(at);
    return error;
}

} // namespace klf_emulation

extern "C" __attribute__((visibility("default"))) const klf_emulation_control_table klf_emulation_control;
const klf_emulation_control_table klf_emulation_control = {klf_emulation::control_set, klf_emulation::control_alive,
                                                           klf_emulation::control_calls, klf_emulation::control_peak_bytes};
