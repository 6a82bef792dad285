/**
 * Keys that mean something to darknet, but nothing to inference.
 */
#include <string.h>

#include "import/darknet.h"

static const char *const net_keys[] = {
    "B1",
    "B2",
    "adam",
    "adversarial_lr",
    "angle",
    "aspect",
    "attention",
    "augment_speed",
    "batch",
    "blur",
    "burn_in",
    "center",
    "contrastive",
    "cutmix",
    "decay",
    "dynamic_minibatch",
    "ema_alpha",
    "eps",
    "exposure",
    "flip",
    "gamma",
    "gaussian_noise",
    "hue",
    "inputs",
    "label_smooth_eps",
    "learning_rate",
    "loss_scale",
    "max_batches",
    "max_chart_loss",
    "max_crop",
    "max_ratio",
    "min_crop",
    "min_ratio",
    "mixup",
    "momentum",
    "mosaic",
    "mosaic_bound",
    "notruth",
    "num_sigmas_reject_badlabels",
    "optimized_memory",
    "policy",
    "power",
    "random",
    "resize_step",
    "saturation",
    "scale",
    "scales",
    "sequential_subdivisions",
    "seq_scales",
    "sgdr_cycle",
    "sgdr_mult",
    "step",
    "steps",
    "subdivisions",
    "time_steps",
    "track",
    "try_fix_nan",
    "unsupervised",
    "use_cuda_graph",
    "weights_reject_freq",
    "workspace_size_limit_MB",
    NULL,
};

static const char *const head_keys[] = {
    "absolute",
    "badlabels_reject_threshold",
    "beta_nms",
    "bias_match",
    "class_scale",
    "cls_normalizer",
    "coord_scale",
    "counters_per_class",
    "delta_normalizer",
    "embedding_layer",
    "focal_loss",
    "ignore_thresh",
    "iou_loss",
    "iou_normalizer",
    "iou_thresh",
    "iou_thresh_kind",
    "jitter",
    "label_smooth_eps",
    "log",
    "map",
    "mask_scale",
    "max",
    "max_delta",
    "noobject_scale",
    "obj_normalizer",
    "object_scale",
    "objectness_smooth",
    "random",
    "rescore",
    "resize",
    "show_details",
    "thresh",
    "track_ciou_norm",
    "track_history_size",
    "truth_thresh",
    "uc_normalizer",
    NULL,
};

static const char *const layer_keys[] = {
    "burnin_update",
    "clip",
    "dropblock",
    "dropblock_size_abs",
    "dropblock_size_rel",
    "grad_centr",
    "learning_rate",
    "learning_rate_scale",
    "name",
    "onlyforward",
    "probability",
    "stopbackward",
    "stream",
    "train",
    "train_only_bn",
    "wait_stream",
    "weights_normalization",
    NULL,
};

static bool contains(const char *const *keys, const char *key)
{
    for (; *keys; keys++) {
        if (strcmp(*keys, key) == 0)
            return true;
    }
    return false;
}

bool bw_darknet_key_is_for_training(const char *section, const char *key)
{
    if (strcmp(section, "net") == 0 || strcmp(section, "network") == 0)
        return contains(net_keys, key);
    if (strcmp(section, "yolo") == 0 || strcmp(section, "region") == 0)
        return contains(head_keys, key) || contains(layer_keys, key);
    return contains(layer_keys, key);
}
