"""The ablation of SmoothSegNet: what two steps, the clinical prior and refined outlines each do."""
