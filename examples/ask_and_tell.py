"""A training loop of your own, raced: which activation, at the price of one seed of each?

The race asks for trainings and is told their validation accuracies. A trial is always a training
from fresh weights whose learning rate reaches zero after ``trial.epochs``; trials with one seed
share their weights, their batches and their validation images.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from torch import nn

import actwise as aw

CANDIDATES = ["relu", "prelu", "elu", "gelu", "silu", "mish"]
EPOCHS, BATCH_SIZE = 30, 64
torch.set_num_threads(1)  # steps as small as these gain nothing from more
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).flatten(1) / 16
labels = torch.tensor(digits.target)
folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(images, labels))


def train(trial: aw.Trial) -> float:
    """Validation accuracy in percent after the last epoch."""
    torch.manual_seed(trial.seed)
    layers: list[nn.Module] = [nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)]
    # Made after the layers: whatever an activation draws, the weights are the same.
    acts = [aw.activation(trial.activation, channels=32) for _ in range(2)]
    model = nn.Sequential(layers[0], acts[0], layers[1], acts[1], layers[2])
    seen, held_out = (torch.tensor(rows) for rows in folds[trial.fold])
    steps = trial.epochs * (len(seen) // BATCH_SIZE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=steps)
    batches = torch.Generator().manual_seed(trial.seed)
    for _ in range(trial.epochs):
        order = seen[torch.randperm(len(seen), generator=batches)]
        for batch in order.split(BATCH_SIZE)[: len(seen) // BATCH_SIZE]:
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        right = model(images[held_out]).argmax(1) == labels[held_out]
    return 100 * right.float().mean().item()


race = aw.Race(CANDIDATES, epochs=EPOCHS, incumbent="relu", num_classes=10)
while (trial := race.ask()) is not None:  # one at a time; None: the race is over
    race.tell(trial, train(trial))  # or race.tell(trial, "diverged")
advice = race.advice()
print(advice)
