/* How a function is made visible to the page. Names begin with core_; times are milliseconds, as doubles. */
#ifndef CORE_EXPORT_H
#define CORE_EXPORT_H

#define CORE_EXPORT(name) __attribute__((export_name(#name)))

#endif
