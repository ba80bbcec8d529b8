/* SPDX-License-Identifier: BSD-3-Clause */
/** Status codes and the last error message.
 *
 *  Every fallible function of the library returns a klf_status; nothing in it prints or exits. The value of a code is the
 *  exit code (sysexits) that the program ends with. The sentence that belongs to a failure is kept per thread:
 *
 *      if ((st = klf_network_draw(784, 3, widths, 1.5, 0.05, seed, &net)) != KLF_OK)
 *          fprintf(stderr, "klflow: %s\n", klf_last_error());
 */
#ifndef KLFLOW_STATUS_H
#define KLFLOW_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/** One list gives the codes, their exit codes and what each means. */
#define KLF_STATUS_LIST(X)                                                                                                     \
    X(KLF_OK, 0, "success")                                                                                                    \
    X(KLF_ERR_DIFFERENT, 1, "results that were compared differ by more than is tolerated")                                     \
    X(KLF_ERR_USAGE, 64, "an option or argument is wrong")                                                                     \
    X(KLF_ERR_DATA, 65, "an input file is damaged or of the wrong kind")                                                       \
    X(KLF_ERR_NOINPUT, 66, "an input file is missing or unreadable")                                                           \
    X(KLF_ERR_DEVICE, 69, "the requested backend or device cannot be used")                                                    \
    X(KLF_ERR_INTERNAL, 70, "a bug in klflow")                                                                                 \
    X(KLF_ERR_MEMORY, 71, "not enough memory")                                                                                 \
    X(KLF_ERR_CREATE, 73, "an output file cannot be created")                                                                  \
    X(KLF_ERR_IO, 74, "writing the output failed")                                                                             \
    X(KLF_ERR_RESUMABLE, 75, "interrupted, and can be resumed")                                                                \
    X(KLF_ERR_CONFIG, 78, "a configuration file is wrong")                                                                     \
    X(KLF_ERR_INTERRUPTED, 130, "interrupted")

typedef enum klf_status {
#define KLF_STATUS_ENUM(code, value, text) code = value,
    KLF_STATUS_LIST(KLF_STATUS_ENUM)
#undef KLF_STATUS_ENUM
} klf_status;

/** What a code means, in a few words; "unknown status" for a number that is none. */
const char *klf_status_text(klf_status status);

/** Stores the formatted sentence as this thread's last error and returns status, so that `return klf_fail(...)` does both. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
klf_status
klf_fail(klf_status status, const char *format, ...);
#if defined(__clang_analyzer__)
#define klf_fail(status, ...) ((void)(klf_fail)(status, __VA_ARGS__), (status)) /* so that it knows what comes back */
#endif

/** This thread's last error sentence, without a newline; "" if there was none. Valid until the thread's next klf_fail. */
const char *klf_last_error(void);

/** Forwards a failure: needs `klf_status st` and a label `done` in the function. */
#define KLF_TRY(call)                                                                                                          \
    do {                                                                                                                       \
        if ((st = (call)) != KLF_OK)                                                                                           \
            goto done;                                                                                                         \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
