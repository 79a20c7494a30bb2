/* Which mounted folders count as drives that something can be copied to. */
#include "drives.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *drives[DRIVES_MAX];
static size_t count;

/* Reads a table of mounts with these lines. */
static void find(const char *lines)
{
    char path[] = "/tmp/cr_drives.XXXXXX";
    int file = mkstemp(path);

    assert_true(file >= 0);
    assert_int_equal(write(file, lines, strlen(lines)), strlen(lines));
    close(file);
    count = drives_find(path, drives);
    unlink(path);
}

static int forget(void **state)
{
    (void)state;
    while (count)
        free(drives[--count]);
    return 0;
}

static void a_usb_drive_is_found_where_desktops_mount_it(void **state)
{
    (void)state;
    find("proc /proc proc rw 0 0\n"
         "/dev/sda1 / ext4 rw 0 0\n"
         "/dev/sdb1 /media/me/USB vfat rw,nosuid 0 0\n"
         "/dev/sdc1 /run/media/me/STICK exfat rw 0 0\n"
         "C: /mnt/c 9p rw 0 0\n");
    assert_int_equal(count, 3);
    assert_string_equal(drives[0], "/media/me/USB");
    assert_string_equal(drives[1], "/run/media/me/STICK");
    assert_string_equal(drives[2], "/mnt/c");
}

static void a_drive_that_cannot_be_written_is_left_out(void **state)
{
    (void)state;
    find("/dev/sdb1 /media/me/CD iso9660 ro 0 0\n/dev/sdc1 /media/me/USB vfat rw 0 0\n");
    assert_int_equal(count, 1);
    assert_string_equal(drives[0], "/media/me/USB");
}

static void a_space_in_a_name_is_no_end(void **state)
{
    (void)state;
    find("/dev/sdb1 /media/me/MY\\040USB vfat rw 0 0\n");
    assert_int_equal(count, 1);
    assert_string_equal(drives[0], "/media/me/MY USB");
}

static void names_that_only_begin_alike_are_no_drives(void **state)
{
    (void)state;
    find("/dev/sda2 /mediathek ext4 rw 0 0\n/dev/sda3 /home/media/x ext4 rw 0 0\n/dev/sda4 /mnt ext4 rw 0 "
         "0\n");
    assert_int_equal(count, 0);
}

static void more_drives_than_fit_are_cut_off(void **state)
{
    char lines[4096] = "";

    (void)state;
    for (int i = 0; i < DRIVES_MAX + 4; i++)
        snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "/dev/sd%d /media/%d vfat rw 0 0\n", i,
                 i);
    find(lines);
    assert_int_equal(count, DRIVES_MAX);
}

static void without_a_table_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(drives_find("/nonexistent/mounts", drives), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_usb_drive_is_found_where_desktops_mount_it, forget),
        cmocka_unit_test_teardown(a_drive_that_cannot_be_written_is_left_out, forget),
        cmocka_unit_test_teardown(a_space_in_a_name_is_no_end, forget),
        cmocka_unit_test_teardown(names_that_only_begin_alike_are_no_drives, forget),
        cmocka_unit_test_teardown(more_drives_than_fit_are_cut_off, forget),
        cmocka_unit_test(without_a_table_there_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
