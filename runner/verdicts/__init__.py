"""What makes an output right, and what there is to say of one that is not."""
