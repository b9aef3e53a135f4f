"""A model that you have: what is in it, another activation in its place, and back."""

import torch
from plain_network import Net

import actwise as aw

model = Net(num_classes=10)
images = torch.rand(2, 3, 32, 32)

for site in aw.audit(model, images):
    print(site.name, site.activation, site.channels)

report = aw.swap(model, "prelu", example=images)  # in place
print(report)
for miss in report.missed:
    print(miss)

# Learned slopes take no weight decay; weights from before the swap fit, and the slopes begin anew.
optimizer = torch.optim.SGD(aw.parameter_groups(model, weight_decay=5e-4), lr=0.1)
aw.load_filling(model, Net(num_classes=10).state_dict())

report.undo()
