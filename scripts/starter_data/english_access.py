"""English frames: the member card, the PIN and the app."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="card_lost",
        train=(
            "I lost my member card {place}, my branch is {branch}.",
            "My card is gone, I think I left it {place}. Can I get a new one at {branch}?",
            "My wallet was stolen {place} with the card in it. I bank at {branch}.",
            "Please block my card, I lost it {place}. I can come to {branch}.",
            "I can't find my card since I was {place}. How do I replace it at {branch}?",
            "How long does {branch} need for a new card? Mine was lost {place}.",
            "The card fell out of my bag {place}, can {branch} make a new one?",
            "Lost card {place}! What should I do at {branch}?",
            "I dropped my member card {place}, when can I collect a new card in {branch}?",
            "Somebody took my card {place}. Please block it, branch {branch}.",
        ),
        test=(
            "My member card disappeared {place}, how soon would {branch} give me a replacement?",
            "I no longer have my card, it went missing {place}. I belong to {branch}.",
            "Need another card from {branch} because the old one vanished {place}.",
            "A thief {place} has my card now! I usually go to {branch}.",
        ),
        bare=(
            "I lost my card, please block it.",
            "My member card was stolen.",
            "How much is a replacement card?",
            "My card is missing since yesterday.",
            "I can't find my member card anywhere, what now?",
        ),
        switch=(
            "And if I collect it at {branch}? My son lost his {place} too.",
            "My wife also lost hers {place}, her branch is {branch}.",
            "And for a card lost {place} with {branch}?",
            "What about my friend of {branch} whose card got lost {place}?",
        ),
        clauses=(
            "We have blocked the card lost {place}. A new card is ready at {branch} in "
            "{card_days}.",
            "The card lost {place} is now blocked, and {branch} makes a new one in {card_days}.",
        ),
        tails=(
            "The new card costs Rp 15,000.",
            "Please bring your identity card and Rp 15,000.",
            "Your savings are safe.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "I found it again, can you open it?",
                    "What if I find the old card?",
                    "Can the old card be used again?",
                ),
                "Would the old one work if it turns up?",
                "A blocked card cannot be opened again; please cut it and use the new card.",
            ),
            FollowUp(
                (
                    "Is my money safe?",
                    "Did anyone use my card?",
                    "Can someone take my money with it?",
                ),
                "Could a stranger have spent something?",
                "Your money is safe: without the PIN the card cannot be used, and no payment was "
                "made.",
            ),
        ),
    ),
    IntentFrames(
        label="pin_reset",
        train=(
            "{reason}, can {branch} help me with it?",
            "There is a problem, {reason}, what can {branch} do?",
            "I need a new PIN because {reason}. My branch is {branch}.",
            "What should I do? It seems {reason}. I am a member in {branch}.",
            "I cannot pay with my card since {reason}. Should I go to {branch}?",
            "How do I reset it when {reason}? I live near {branch}.",
            "I am at {branch} and {reason}.",
            "Help, {reason}! Is it fast at {branch}?",
            "The machine at {branch} refused me, {reason}.",
            "Can I make a new PIN at {branch}? The thing is, {reason}.",
        ),
        test=(
            "I'm stuck as {reason}; would a visit to {branch} solve it?",
            "Trouble with the secret number: {reason}. I use the {branch} office.",
            "Since this morning {reason}, and {branch} is the closest place to me.",
            "Is there a way to recover if {reason}, maybe through {branch}?",
        ),
        bare=(
            "I forgot my PIN, how do I reset it?",
            "My PIN does not work any more.",
            "How do I change my PIN?",
            "I entered the wrong PIN three times.",
            "I need a new secret number for my card.",
        ),
        switch=(
            "And with my second card from {branch}, {reason}.",
            "I also have a card from {branch}, and there {reason}.",
            "And what if {reason} and I'm near {branch}?",
            "About my other account at {branch}: {reason}. What then?",
        ),
        clauses=(
            "Please {pin_step}, or come to {branch} with your identity card.",
            "No problem: {pin_step}. {branch} can also make a new PIN at the counter.",
        ),
        tails=(
            "Never tell your PIN to anyone, also not to our staff.",
            "A new PIN is free.",
            "The counter needs about 10 minutes.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Can you send me the PIN here?",
                    "Can you tell me my PIN by chat?",
                    "Can't you just give me the PIN?",
                ),
                "Would you type the number for me here?",
                "We cannot see or send a PIN by chat; only you may know it.",
            ),
            FollowUp(
                (
                    "Which numbers are allowed?",
                    "How long is the PIN?",
                    "How many digits is the PIN?",
                ),
                "What does a good number look like?",
                "A PIN has 6 digits; please do not use your birthday or 123456.",
            ),
        ),
    ),
    IntentFrames(
        label="app_login",
        train=(
            "I can't log in on my {device}, {problem}.",
            "When I open the app on my {device}, {problem}.",
            "Login fails on my {device}: {problem}.",
            "Why is it that {problem} on my {device}?",
            "I installed the app on my {device} but {problem}.",
            "Since yesterday {problem} when I use my {device}.",
            "Please help me log in, {problem} on my {device}.",
            "I tried three times with my {device} and {problem}.",
            "What can I do if {problem} on my {device}?",
            "The login on my {device} is broken, {problem}.",
        ),
        test=(
            "I'm unable to get into the application from my {device}; {problem}.",
            "Every attempt to enter with my {device} ends the same way: {problem}.",
            "Signing in from my {device} is impossible because {problem}.",
            "My {device} and your app do not get along, {problem}.",
        ),
        bare=(
            "I can't log in to the app.",
            "The app does not open on my phone.",
            "I forgot my app password.",
            "The login code did not come.",
            "Signing in to your app always fails.",
        ),
        switch=(
            "And on my {device} {problem}.",
            "On my {device} it is different, {problem}.",
            "What if {problem} on my {device}?",
            "My {device} shows something else: {problem}.",
        ),
        clauses=(
            "Sorry about that. On your {device}, please {fix}.",
            "Please {fix}. This usually helps on a {device}.",
        ),
        tails=(
            "If it still fails, send us a photo of the screen.",
            "Your money and data are safe.",
            "Our app team is here every day until 20:00.",
        ),
        follow_ups=(
            FollowUp(
                ("It still does not work.", "I did that but no change.", "Still the same problem."),
                "That made no difference at all.",
                "Then please remove the app, install it again and log in with your member number.",
            ),
            FollowUp(
                (
                    "Can I use two phones?",
                    "Can I log in on a second phone too?",
                    "Is it allowed to use it on two devices?",
                ),
                "How many devices may I connect?",
                "One account can be used on two devices; a third one signs out the oldest.",
            ),
        ),
    ),
)
