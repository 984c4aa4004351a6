"""What the command line does, by subject; `python -m vaelib` puts the commands together.

group      commands that end in a sentence
own        train, encode, sample, explore: for images of your own
portfolio  what a training leaves to be looked at
progress   how far a training is, and how long it will take
"""
