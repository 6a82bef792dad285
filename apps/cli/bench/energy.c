#include "bench/energy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_line(const char *folder, const char *name, char *line, int size)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, size, file);
    if (file)
        fclose(file);
    return read;
}

static bool read_counter(const char *folder, const char *name, uint64_t *value)
{
    char line[64], *end;
    if (!read_line(folder, name, line, sizeof line))
        return false;
    *value = strtoull(line, &end, 10);
    return end != line;
}

/* intel-rapl:0 may be a package; intel-rapl:0:1 is a part of one. */
static bool is_zone(const char *name)
{
    static const char prefix[] = "intel-rapl:";
    size_t length = sizeof prefix - 1;
    return strncmp(name, prefix, length) == 0 && name[length] && !strchr(name + length, ':');
}

static bool is_package(const char *folder)
{
    char name[64];
    return read_line(folder, "name", name, sizeof name) && strncmp(name, "package", 7) == 0;
}

static bool add_package(bw_energy_meter *meter, const char *root, const char *name)
{
    char *folder = meter->package[meter->packages].folder;
    size_t room = sizeof meter->package[0].folder;
    if ((size_t)snprintf(folder, room, "%s/%s", root, name) >= room || !is_package(folder))
        return true;
    int at = meter->packages++;
    return read_counter(folder, "energy_uj", &meter->package[at].last) &&
           read_counter(folder, "max_energy_range_uj", &meter->package[at].range);
}

void bw_energy_start(bw_energy_meter *meter, const char *root)
{
    *meter = (bw_energy_meter){.state = BW_ENERGY_ABSENT};
    DIR *folder = opendir(root);
    bool readable = true;
    struct dirent *entry;
    while (folder && meter->packages < BW_MOST_PACKAGES && (entry = readdir(folder)))
        if (is_zone(entry->d_name) && !add_package(meter, root, entry->d_name))
            readable = false;
    if (folder)
        closedir(folder);
    if (meter->packages > 0)
        meter->state = readable ? BW_ENERGY_MEASURED : BW_ENERGY_UNREADABLE;
}

void bw_energy_read(bw_energy_meter *meter)
{
    if (meter->state != BW_ENERGY_MEASURED)
        return;
    for (int i = 0; i < meter->packages; i++) {
        uint64_t now, last = meter->package[i].last;
        if (!read_counter(meter->package[i].folder, "energy_uj", &now)) {
            meter->state = BW_ENERGY_UNREADABLE;
            return;
        }
        uint64_t taken = now >= last ? now - last : now + meter->package[i].range - last;
        meter->joules += (double)taken / 1e6;
        meter->package[i].last = now;
    }
}

const char *bw_energy_obstacle(bw_energy_state state)
{
    switch (state) {
    case BW_ENERGY_ABSENT: return "this machine shows no RAPL counters";
    case BW_ENERGY_UNREADABLE: return "the RAPL counters may not be read (often only root may)";
    default: return NULL;
    }
}
