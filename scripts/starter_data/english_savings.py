"""English frames: savings: interest, opening an account, withdrawing."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="savings_rate",
        train=(
            "What interest does {savings} pay on {amount}?",
            "How much interest will I get for {amount} in {savings}?",
            "If I save {amount} in {savings}, what is the rate?",
            "What's the yearly rate of {savings} if I put in {amount}?",
            "I have {amount} in {savings}, what percent interest do I earn?",
            "Is the {savings} interest higher for {amount}?",
            "Could you tell me the {savings} interest rate for a balance of {amount}?",
            "Which rate applies to {amount} kept in {savings}?",
            "I plan to keep {amount} in {savings} for a year. What interest is that?",
            "Does {savings} with {amount} earn good interest?",
        ),
        test=(
            "With {amount} sitting in {savings}, what yield can I expect?",
            "How many percent does {savings} give me on a deposit of {amount}?",
            "Suppose I store {amount} in {savings}, how fast does it grow per year?",
            "Tell me what {amount} would earn annually inside {savings}.",
        ),
        bare=(
            "What is the interest on savings now?",
            "Which savings product has the best interest rate?",
            "When is savings interest paid?",
            "How much interest do my savings earn each year?",
            "What percent do I earn if I save with you?",
        ),
        switch=(
            "And for {savings} with {amount}?",
            "What about {amount} in {savings}?",
            "And if I put {amount} in {savings}, which rate?",
            "Would {savings} with {amount} pay more?",
        ),
        clauses=(
            "{savings} pays {rate} interest a year, and the same rate holds for {amount}.",
            "For {amount} in {savings} the interest is {rate} a year.",
        ),
        tails=(
            "Interest is added on the last day of each month.",
            "There is no monthly fee.",
            "You can see the interest in the app.",
        ),
        follow_ups=(
            FollowUp(
                ("Is there tax on it?", "Do I pay tax on the interest?", "Is the interest taxed?"),
                "Does the tax office take a part?",
                "Interest below Rp 240,000 a month is paid in full; above that a 10 percent tax "
                "is taken.",
            ),
            FollowUp(
                ("Can the rate change?", "Is that rate fixed?", "Will the rate stay like that?"),
                "For how long is this rate guaranteed?",
                "Rates are set every January by the members meeting and stay the same for the "
                "year.",
            ),
        ),
    ),
    IntentFrames(
        label="open_account",
        train=(
            "I want to open a {savings} account at {branch}.",
            "How do I open {savings} in {branch}?",
            "What is the minimum deposit to open {savings} at {branch}?",
            "Can I open a new {savings} account at the {branch} branch?",
            "What should I bring to {branch} to open {savings}?",
            "My wife wants to start a {savings} account in {branch}, how?",
            "Please help me open {savings}, my branch is {branch}.",
            "How much do I need for the first deposit of {savings} in {branch}?",
            "I'd like a second account, {savings}, at {branch}. Is it possible?",
            "Does {branch} open {savings} accounts for new savers?",
        ),
        test=(
            "What does it take to get a {savings} account started in {branch}?",
            "Could {branch} set up {savings} for me, and with how much money?",
            "Which papers and first payment are needed for a fresh {savings} book at {branch}?",
            "Considering a new {savings} account, can {branch} arrange it?",
        ),
        bare=(
            "How do I open a savings account?",
            "What is the minimum first deposit for a new account?",
            "I want to open an account for my child.",
            "Can I open a new account in the app?",
            "What do I bring to start a new savings account?",
        ),
        switch=(
            "And to open {savings} at {branch}?",
            "What about opening {savings} in {branch}?",
            "And a {savings} account in {branch}, what is the minimum?",
            "How much if I start {savings} at {branch} instead?",
        ),
        clauses=(
            "You can open {savings} at {branch} with a first deposit of {minimum}.",
            "{branch} opens {savings} for you; the minimum first deposit is {minimum}.",
        ),
        tails=(
            "Bring your identity card and member card.",
            "It takes about 15 minutes at the counter.",
            "There is no opening fee.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Can I open it in the app?",
                    "Is it possible online?",
                    "Do I have to come in person?",
                ),
                "Could this be done from home?",
                "The first account must be opened at a branch; a second one can be opened in the "
                "app.",
            ),
            FollowUp(
                (
                    "Do I get a passbook?",
                    "Is there a book for the account?",
                    "Will I get a card too?",
                ),
                "What do I receive after opening?",
                "You get a passbook at once and a member card that works for all your accounts.",
            ),
        ),
    ),
    IntentFrames(
        label="withdraw",
        train=(
            "I want to withdraw {amount} from {savings}.",
            "How do I take {amount} out of {savings}?",
            "Can I withdraw {amount} from my {savings} account today?",
            "How many days before do I tell you to take {amount} from {savings}?",
            "I need {amount} in cash from {savings}, how long does it take?",
            "When can I get {amount} from my {savings}?",
            "Do I have to give notice to withdraw {amount} from {savings}?",
            "My {savings} has enough money, can I take out {amount}?",
            "Please prepare {amount} for me from {savings}.",
            "What is the rule for a withdrawal of {amount} from {savings}?",
        ),
        test=(
            "I'd like to cash {amount} of my {savings} money, how soon is it ready?",
            "How far ahead must I announce taking {amount} off {savings}?",
            "Is {amount} from {savings} something you can hand me right away?",
            "Getting {amount} back from {savings}, what is the waiting time?",
        ),
        bare=(
            "How do I withdraw my savings?",
            "Can I take my money out tomorrow?",
            "Is there a limit on cash withdrawals?",
            "I need cash from my account.",
            "How soon may I take money from my savings?",
        ),
        switch=(
            "And {amount} from {savings}?",
            "What about taking {amount} from {savings}?",
            "And if I withdraw {amount} from {savings}?",
            "How soon for {amount} out of {savings}?",
        ),
        clauses=(
            "To withdraw {amount} from {savings}, please tell us {notice} in advance.",
            "A withdrawal of {amount} from {savings} needs a notice of {notice}.",
        ),
        tails=(
            "The cash is paid at your branch with your member card.",
            "You can give the notice in the app or at the counter.",
            "There is no withdrawal fee.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Can my wife take the money for me?",
                    "Can someone else collect it?",
                    "May my son pick it up?",
                ),
                "Is another person allowed to fetch it?",
                "Someone else can collect it with a signed letter and both identity cards.",
            ),
            FollowUp(
                ("Is there a fee?", "Do you charge for that?", "Will it cost something?"),
                "What do you deduct for this service?",
                "There is no fee, but a balance of Rp 20,000 must stay in the account.",
            ),
        ),
    ),
)
