/* SPDX-License-Identifier: BSD-3-Clause */
/* Libraries that a fake module needs, lying where no dynamic loader looks. */
#ifdef FAKE_DEEPER
extern int klf_fake_deeper(void);
int        klf_fake_answer(void);

int klf_fake_answer(void)
{
    return klf_fake_deeper() + 2;
}
#else
int klf_fake_deeper(void);

int klf_fake_deeper(void)
{
    return 40;
}
#endif
