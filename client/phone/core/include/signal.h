/* No signals. */
#ifndef CORE_SIGNAL_H
#define CORE_SIGNAL_H

extern int no_signals;

#endif
