/**
 * base/topology: the kernel's lists, a machine made of files, and how processors are cut up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/topology.h"
#include "check.h"

/* ---- lists ---------------------------------------------------------------------------------- */

/* The set as a text of its numbers, such as "0 1 2". */
static const char *text_of(const cpu_set_t *set)
{
    static char text[6000];
    size_t used = 0;
    text[0] = '\0';
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, set))
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%zu", used ? " " : "", cpu);
    return text;
}

static cpu_set_t set_of(const char *list)
{
    cpu_set_t set;
    assert_true(bw_cpu_list_parse(&set, list));
    return set;
}

static void reads_lists(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"0", "0"},           {"0-3,8,10-11", "0 1 2 3 8 10 11"},
        {"7-7\n", "7"},       {"1022-1023", "1022 1023"},
        {"5,3-4,3", "3 4 5"},
    };
    for (size_t index = 0; index < sizeof lists / sizeof *lists; index++) {
        cpu_set_t set = set_of(lists[index][0]);
        assert_string_equal(text_of(&set), lists[index][1]);
    }
}

static void refuses_other_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "\n",   ",",    "1,",     "-3",   "1-",      "3-1",
        "1 2", "0x1f", "1024", "0-1024", "1\n2", "0-3:1/2", "99999999999999999999",
    };
    cpu_set_t set;
    for (size_t index = 0; index < sizeof texts / sizeof *texts; index++)
        assert_false(bw_cpu_list_parse(&set, texts[index]));
}

/* ---- a machine of files --------------------------------------------------------------------- */

static char root[] = "/tmp/boxwright-test-XXXXXX";

static void write_list(const char *folder, const char *name, const char *list)
{
    char path[300];
    snprintf(path, sizeof path, "%s/devices/system/%s", root, folder);
    check_ok(bw_make_folders(path, &error));
    snprintf(path, sizeof path, "%s/devices/system/%s/%s", root, folder, name);
    check_ok(bw_write_file(path, list, strlen(list), &error));
}

/* Nodes 0 and 2 of four processors each, two a core, numbered as the kernel does; an empty node. */
static int make_machine(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    write_list("node", "online", "0,2-3\n");
    write_list("node/node0", "cpulist", "0-1,4-5\n");
    write_list("node/node2", "cpulist", "2-3,6-7\n");
    write_list("node/node3", "cpulist", "\n");
    for (int cpu = 0; cpu < 8; cpu++) {
        char folder[60], list[20];
        snprintf(folder, sizeof folder, "cpu/cpu%d/topology", cpu);
        snprintf(list, sizeof list, "%d,%d\n", cpu % 4, cpu % 4 + 4);
        write_list(folder, "thread_siblings_list", list);
    }
    return 0;
}

static void remove_one(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s%s", root, name);
    assert_int_equal(remove(path), 0);
}

static int remove_machine(void **state)
{
    (void)state;
    char name[100];
    for (int cpu = 0; cpu < 8; cpu++) {
        static const char *const parts[] = {"/topology/thread_siblings_list", "/topology", ""};
        for (int part = 0; part < 3; part++) {
            snprintf(name, sizeof name, "/devices/system/cpu/cpu%d%s", cpu, parts[part]);
            remove_one(name);
        }
    }
    static const char *const rest[] = {
        "node/node0/cpulist",
        "node/node0",
        "node/node2/cpulist",
        "node/node2",
        "node/node3/cpulist",
        "node/node3",
        "node/online",
        "node",
        "cpu",
    };
    for (size_t index = 0; index < sizeof rest / sizeof *rest; index++) {
        snprintf(name, sizeof name, "/devices/system/%s", rest[index]);
        remove_one(name);
    }
    remove_one("/devices/system");
    remove_one("/devices");
    return rmdir(root);
}

static bw_topology machine(const char *allowed)
{
    bw_topology topology;
    cpu_set_t set = set_of(allowed);
    bw_topology_read_from(&topology, root, &set);
    return topology;
}

static void check_order(const bw_topology *topology, int nodes, const char *order)
{
    char text[100] = "";
    size_t used = 0;
    for (int index = 0; index < topology->count; index++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu", used ? " " : "",
                                 topology->processors[index].cpu);
    assert_string_equal(text, order);
    assert_int_equal(topology->nodes, nodes);
}

static void orders_by_node_and_core(void **state)
{
    (void)state;
    bw_topology topology = machine("0-7");
    check_order(&topology, 2, "0 4 1 5 2 6 3 7");
    assert_int_equal(topology.processors[4].node, 2);
    assert_int_equal(topology.processors[5].core, 2);
}

static void keeps_to_what_is_allowed(void **state)
{
    (void)state;
    bw_topology part = machine("1-2,7"), one = machine("3,6-7"), unknown = machine("6,40-41");
    check_order(&part, 2, "1 2 7");
    check_order(&one, 1, "6 3 7");
    check_order(&unknown, 2, "40 41 6");
}

static void needs_no_files(void **state)
{
    (void)state;
    bw_topology topology;
    cpu_set_t set = set_of("3,1,9");
    bw_topology_read_from(&topology, "/nowhere", &set);
    check_order(&topology, 1, "1 3 9");
    assert_int_equal(topology.processors[2].core, 9);
    bw_topology_read(&topology);
    assert_int_equal(topology.count, bw_cpu_count());
}

/* ---- groups --------------------------------------------------------------------------------- */

/* Checks the groups against a text such as "0 1:2|2 3:2": processors and threads of each. */
static void check_cut(const char *allowed, int threads, int count, const char *expected)
{
    bw_topology topology = machine(allowed);
    bw_cpu_group groups[8];
    char text[300] = "";
    size_t used = 0;
    bw_topology_cut(&topology, threads, groups, count);
    for (int group = 0; group < count; group++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%d", used ? "|" : "",
                                 text_of(&groups[group].cpus), groups[group].threads);
    assert_string_equal(text, expected);
}

static void cuts_by_node_then_core(void **state)
{
    (void)state;
    check_cut("0-7", 8, 1, "0 1 2 3 4 5 6 7:8");
    check_cut("0-7", 8, 2, "0 1 4 5:4|2 3 6 7:4");
    check_cut("0-7", 8, 4, "0 4:2|1 5:2|2 6:2|3 7:2");
    check_cut("0-7", 8, 3, "0 4:2|1 5:2|2 3 6 7:4");
    check_cut("0-7", 3, 2, "0 1 4 5:1|2 3 6 7:2");
    check_cut("0-7", 32, 2, "0 1 4 5:16|2 3 6 7:16");
}

static void cuts_uneven_machines(void **state)
{
    (void)state;
    check_cut("0,2-3,6-7", 5, 2, "0:1|2 3 6 7:4");
    check_cut("0,2-3,6-7", 2, 2, "0:1|2 3 6 7:1");
    check_cut("2", 5, 3, "2:1|2:2|2:2");
    check_cut("0,2", 4, 4, "0:1|0:1|2:1|2:1");
}

/* Where the affinity mask cannot be read, nothing is pinned and threads are shared evenly. */
static void cuts_the_unknown(void **state)
{
    (void)state;
    bw_topology topology;
    bw_cpu_group groups[3];
    cpu_set_t none;
    CPU_ZERO(&none);
    bw_topology_read_from(&topology, root, &none);
    assert_int_equal(topology.nodes, 1);
    bw_topology_cut(&topology, 8, groups, 3);
    int threads = 0;
    for (int group = 0; group < 3; group++) {
        assert_int_equal(CPU_COUNT(&groups[group].cpus), 0);
        assert_in_range(groups[group].threads, 2, 3);
        threads += groups[group].threads;
    }
    assert_int_equal(threads, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(refuses_other_texts),
        cmocka_unit_test(orders_by_node_and_core),
        cmocka_unit_test(keeps_to_what_is_allowed),
        cmocka_unit_test(needs_no_files),
        cmocka_unit_test(cuts_by_node_then_core),
        cmocka_unit_test(cuts_uneven_machines),
        cmocka_unit_test(cuts_the_unknown),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
